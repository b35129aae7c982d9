#include "stub/setup.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/mem.h"
#include "stub/paths.h"

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

extern char **environ;

static char *start_dir; /* NULL when it was gone or out of reach */

static bool is_harmless(const char *entry)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.+-_";

	if (strncmp(entry, "TERM=", 5) == 0)
		return strlen(entry) < 64 && strspn(entry + 5, letters) == strlen(entry + 5);
	if (strncmp(entry, "COLUMNS=", 8) == 0)
		return strlen(entry) < 16 && strspn(entry + 8, "0123456789") == strlen(entry + 8);
	return strcmp(entry, "NO_COLOR=1") == 0;
}

static bool has_name(const char **env, size_t n, const char *entry)
{
	size_t len = strcspn(entry, "=") + 1;

	for (size_t i = 0; i < n; i++)
		if (strncmp(env[i], entry, len) == 0)
			return true;
	return false;
}

const char **kb_setup_clean_env(char *const *env)
{
	const char **clean = kb_alloc(4, sizeof(*clean));
	size_t n = 0;

	for (; *env && n < 3; env++) {
		/* any value of NO_COLOR says the same, except none at all */
		const char *entry =
			strncmp(*env, "NO_COLOR=", 9) == 0 && (*env)[9] ? "NO_COLOR=1" : *env;

		if (is_harmless(entry) && !has_name(clean, n, entry))
			clean[n++] = entry;
	}
	return clean;
}

static size_t count(const char *const *env)
{
	size_t n = 0;

	while (env[n])
		n++;
	return n;
}

/* The C library read GLIBC_TUNABLES, LD_* and others before main(), and other
 * libraries read more later; none of them is there the second time. */
static int clean_environment(char **argv, struct kb_err *err)
{
	const char **clean = kb_setup_clean_env(environ);
	size_t n = count(clean);
	bool same = n == count((const char *const *)environ);

	for (size_t i = 0; same && i < n; i++)
		same = strcmp(clean[i], environ[i]) == 0;
	if (!same) {
		execve(KB_PATH_SELF, argv, (char *const *)(uintptr_t)clean);
		free(clean);
		return kb_err_errno(err, KB_E_ENVIRONMENT,
				    "start again from " KB_PATH_SELF " with a clean environment");
	}
	free(clean);
	return 0;
}

static void forbid_dumps(void)
{
	struct rlimit none = {0, 0};

	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_NAME, "keybuzz-run", 0, 0, 0);
}

/* Something harmless behind a closed 0, 1 or 2, so that no file opened later
 * gets that number and somebody's message as its content. */
static int open_placeholder(void)
{
	int fd = open("/dev/null", O_RDWR | O_NOCTTY);
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISCHR(st.st_mode))
		return fd;
	if (fd >= 0)
		close(fd);
	return open("/", O_PATH);
}

static int fix_descriptors(struct kb_err *err)
{
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open_placeholder() != fd)
			return kb_err_errno(err, KB_E_ENVIRONMENT, "descriptor %d", fd);
	if (syscall(SYS_close_range, 3u, ~0u, 0u) == 0)
		return 0;
	for (int fd = 3; fd < 65536; fd++)
		close(fd);
	return 0;
}

static void reset_signals(void)
{
	struct sigaction usual = {.sa_handler = SIG_DFL}, ignore = {.sa_handler = SIG_IGN};
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		sigaction(i, &usual, NULL);
	sigaction(SIGPIPE, &ignore, NULL); /* then write() says EPIPE.. */
	sigaction(SIGXFSZ, &ignore, NULL); /* ..and EFBIG */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static int leave_directory(struct kb_err *err)
{
	char *dir = getcwd(NULL, 0);

	if (dir && dir[0] == '/')
		start_dir = dir;
	else
		free(dir);
	if (chdir("/") < 0)
		return kb_err_errno(err, KB_E_ENVIRONMENT, "change to /");
	return 0;
}

int kb_setup_process(char **argv, struct kb_err *err)
{
	int rc;

	if (getauxval(AT_SECURE))
		return kb_err_set(err, KB_E_ENVIRONMENT,
				  "this program has a set-user-id or set-group-id bit or file "
				  "capabilities; remove them and run it as root");
	if ((rc = clean_environment(argv, err)) < 0)
		return rc;
	forbid_dumps();
	if ((rc = fix_descriptors(err)) < 0)
		return rc;
	umask(077);
	reset_signals();
	return leave_directory(err);
}

int kb_setup_path(const char *path, char **ret_path, struct kb_err *err)
{
	if (!path || path[0] == '/') {
		*ret_path = path ? kb_strdup(path) : NULL;
		return 0;
	}
	if (!*path)
		return kb_err_set(err, KB_E_USAGE, "an empty file name");
	if (!start_dir)
		return kb_err_set(err, KB_E_ENVIRONMENT,
				  "%s: the directory this was started in is gone; give the whole "
				  "path",
				  path);
	*ret_path = kb_format("%s/%s", start_dir[1] ? start_dir : "", path);
	return 0;
}
