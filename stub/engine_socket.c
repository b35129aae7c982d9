#include "stub/engine_socket.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "core/mem.h"

#define RETRY_MS 50

static const char *const usual[] = {
	"/run/docker.sock",
	"/var/run/docker.sock",
	"/run/podman/podman.sock",
	NULL,
};

int kb_engine_socket_find(const char *const *list, const char **ret_path, struct kb_err *err)
{
	struct stat st;

	if (!list)
		list = usual;
	for (; *list; list++)
		if (stat(*list, &st) == 0 || (errno != ENOENT && errno != ENOTDIR)) {
			*ret_path = *list;
			return 0;
		}
	return kb_err_set(err, KB_E_MISSING,
			  "no container engine: there is no /run/docker.sock; start it "
			  "(systemctl start docker) or install the base bundle first");
}

static int check_file(const char *path, struct kb_err *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return kb_err_errno(err, KB_E_MISSING, "container engine: %s", path);
	if (!S_ISSOCK(st.st_mode))
		return kb_err_set(err, KB_E_MISSING,
				  "container engine: %s is no socket; stop the engine, remove the "
				  "file, start the engine",
				  path);
	return 0;
}

static int refused(const char *path, struct kb_err *err)
{
	if (errno == ECONNREFUSED)
		return kb_err_set(err, KB_E_MISSING,
				  "container engine: nobody listens on %s; start it (systemctl "
				  "start docker)",
				  path);
	return kb_err_errno(err, KB_E_MISSING, "container engine: %s", path);
}

/* A UNIX socket whose queue is full says EAGAIN at once instead of waiting. */
static int connect_patiently(int fd, const struct sockaddr_un *addr, unsigned wait_ms,
			     struct kb_err *err)
{
	const struct timespec pause = {0, RETRY_MS * 1000000L};
	unsigned waited = 0;

	while (connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) < 0) {
		if (errno != EAGAIN && errno != EINTR)
			return refused(addr->sun_path, err);
		if (waited >= wait_ms)
			return kb_err_set(err, KB_E_TIMEOUT,
					  "container engine: %s takes no connection within %u "
					  "seconds",
					  addr->sun_path, wait_ms / 1000);
		nanosleep(&pause, NULL);
		waited += RETRY_MS;
	}
	return 0;
}

/* Who listens there is told what to run as root and is believed: only root, or
 * whoever we are ourselves. */
static int check_peer(int fd, const char *path, struct kb_err *err)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return kb_err_errno(err, KB_E_ENVIRONMENT, "container engine: %s", path);
	if (peer.uid != 0 && peer.uid != geteuid())
		return kb_err_set(err, KB_E_ENVIRONMENT,
				  "container engine: %s belongs to a process of user %u, not of "
				  "root",
				  path, peer.uid);
	return 0;
}

int kb_engine_socket_connect(const char *path, unsigned wait_ms, int *ret_fd, struct kb_err *err)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	kb_autoclose int fd = -1;
	int rc;

	if (path[0] != '/' || strlen(path) >= sizeof(addr.sun_path))
		return kb_err_set(err, KB_E_USAGE, "container engine: no usable socket path: %s",
				  path);
	memcpy(addr.sun_path, path, strlen(path) + 1);
	rc = check_file(path, err);
	if (rc < 0)
		return rc;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return kb_err_errno(err, KB_E_IO, "container engine: socket");
	rc = connect_patiently(fd, &addr, wait_ms, err);
	if (rc == 0)
		rc = check_peer(fd, path, err);
	if (rc < 0)
		return rc;
	*ret_fd = fd;
	fd = -1;
	return 0;
}
