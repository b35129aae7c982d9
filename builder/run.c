#include "builder/run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/file.h"

#define TOOL_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

enum {
	TAIL_BYTES = 4096,
	TAIL_LINES = 12,
	TICK_MS = 100,
	ENV_MAX = 64,
	KILL_AFTER_MS = 10000, /* from SIGTERM to SIGKILL: time to unmount and clean up */
};

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	interrupted = number;
}

void kb_run_catch_signals(void)
{
	struct sigaction sa = {.sa_handler = on_signal, .sa_flags = SA_RESETHAND};

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
}

bool kb_run_interrupted(void)
{
	return interrupted != 0;
}

int kb_run_check(struct kb_err *err)
{
	if (!interrupted)
		return 0;
	return kb_err_set(err, KB_E_INTERRUPTED, "stopped by signal %d; the same command continues",
			  (int)interrupted);
}

int kb_run_find(const char *name, char **ret_path, struct kb_err *err)
{
	const char *p = TOOL_PATH;

	while (*p) {
		size_t len = strcspn(p, ":");
		kb_autofree char *path = kb_format("%.*s/%s", (int)len, p, name);

		if (access(path, X_OK) == 0) {
			*ret_path = kb_steal(path);
			return 0;
		}
		p += len + (p[len] == ':');
	}
	return kb_err_set(err, KB_E_MISSING, "the tool %s is missing; run: make deps", name);
}

/* What a network tool needs of the operator's settings, and nothing else. */
static const char *const network_names[] = {
	"HOME",        "XDG_RUNTIME_DIR", "REGISTRY_AUTH_FILE", "DOCKER_CONFIG", "http_proxy",
	"https_proxy", "no_proxy",        "HTTP_PROXY",         "HTTPS_PROXY",   "NO_PROXY",
	"ALL_PROXY",   "all_proxy",       "CURL_CA_BUNDLE",     "SSL_CERT_FILE", "SSL_CERT_DIR",
};

static char **build_environment(const struct kb_run *run)
{
	char **env = kb_alloc(ENV_MAX, sizeof(*env));
	size_t n = 0;

	env[n++] = kb_strdup("PATH=" TOOL_PATH);
	env[n++] = kb_strdup("LC_ALL=C");
	env[n++] = kb_strdup("TZ=UTC");
	for (size_t i = 0; run->network && i < sizeof(network_names) / sizeof(*network_names);
	     i++) {
		const char *value = getenv(network_names[i]);

		if (value)
			env[n++] = kb_format("%s=%s", network_names[i], value);
	}
	for (size_t i = 0; run->env && run->env[i] && n < ENV_MAX - 1; i++)
		env[n++] = kb_strdup(run->env[i]);
	return env;
}

static void free_environment(char ***env)
{
	for (size_t i = 0; *env && (*env)[i]; i++)
		free((*env)[i]);
	free(*env);
}

/* Only calls that are safe after a fork of a process with threads. */
static void __attribute__((noreturn))
become(const struct kb_run *run, const char *path, char **env, int out, int log, pid_t parent)
{
	static const int restored[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGCHLD, SIGQUIT};
	sigset_t none;
	int null;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(127);
	for (size_t i = 0; i < sizeof(restored) / sizeof(*restored); i++)
		signal(restored[i], SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	umask(022);
	null = open("/dev/null", O_RDWR);
	if (null < 0 || dup2(null, 0) < 0 || dup2(out >= 0 ? out : null, 1) < 0 ||
	    dup2(log, 2) < 0 || (run->dir && chdir(run->dir) < 0))
		_exit(127);
	execve(path, (char *const *)run->argv, env);
	_exit(127);
}

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static int append_output(const struct kb_run *run, struct kb_buf *to, int fd, bool *ret_end,
			 struct kb_err *err)
{
	ssize_t n;

	kb_buf_reserve(to, 65536);
	n = read(fd, to->data + to->len, to->cap - to->len - 1);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (n < 0)
		return kb_err_errno(err, KB_E_IO, "read what %s says", run->argv[0]);
	*ret_end = n == 0;
	to->len += (size_t)n;
	to->data[to->len] = '\0';
	if (to->len > run->out_max)
		return kb_err_set(err, KB_E_INVALID, "%s says more than %zu bytes", run->argv[0],
				  run->out_max);
	return 0;
}

/* Until the child has ended. With a result below 0 it has been told to stop. */
static int attend(const struct kb_run *run, pid_t pid, int out, int *ret_status, struct kb_err *err)
{
	struct kb_buf *to = run->out;
	uint64_t kill_at = 0;
	int pause_ms = 2, rc = 0;

	for (;;) {
		struct pollfd pfd = {.fd = out, .events = POLLIN};
		pid_t got;

		/* output first: a child may fill the pipe and wait for us */
		if (poll(&pfd, out >= 0 ? 1 : 0, pause_ms) > 0 && to) {
			bool end = false;
			int failed = append_output(run, to, out, &end, rc < 0 ? NULL : err);

			if (failed < 0 && rc == 0)
				rc = failed;
			if (failed < 0 || end)
				out = -1;
			else
				continue;
		}
		pause_ms = pause_ms < TICK_MS ? pause_ms * 2 : TICK_MS;
		got = waitpid(pid, ret_status, WNOHANG);
		if (got == pid && out < 0)
			return rc;
		if (got == pid) { /* ended; what is in the pipe is still ours */
			bool end = false;

			while (to && !end && rc == 0) {
				pfd = (struct pollfd){.fd = out, .events = POLLIN};
				/* a grandchild may hold the pipe open for ever */
				if (poll(&pfd, 1, 0) <= 0)
					break;
				rc = append_output(run, to, out, &end, err);
			}
			return rc;
		}
		if (got < 0 && errno != EINTR) {
			*ret_status = 0;
			return kb_err_errno(err, KB_E_IO, "wait for %s", run->argv[0]);
		}
		if (rc == 0)
			rc = kb_run_check(err);
		if (rc == 0 && run->tick && run->tick(run->ctx))
			rc = kb_err_set(err, KB_E_INTERRUPTED,
					"stopped; the same command continues");
		if (rc < 0 && !kill_at) {
			kill(-pid, SIGTERM);
			kill_at = now_ms() + KILL_AFTER_MS;
		} else if (kill_at && now_ms() > kill_at) {
			kill(-pid, SIGKILL);
		}
	}
}

/* The last lines of LOG on stderr if wanted, and the very last one for the message. */
static void show_tail(const struct kb_run *run, int log, char *last, size_t cap)
{
	kb_autofree char *text = kb_alloc(TAIL_BYTES + 1, 1);
	char line[512];
	off_t end = lseek(log, 0, SEEK_END);
	off_t from = end > TAIL_BYTES ? end - TAIL_BYTES : 0;
	ssize_t n = pread(log, text, TAIL_BYTES, from);
	char *starts[TAIL_LINES];
	size_t count = 0;

	last[0] = '\0';
	if (n <= 0)
		return;
	while (n && (text[n - 1] == '\n' || text[n - 1] == '\r'))
		n--;
	text[n] = '\0';
	for (char *p = text + n; p > text && count < TAIL_LINES; p--)
		if (p[-1] == '\n')
			starts[count++] = p;
	if (count < TAIL_LINES && from == 0)
		starts[count++] = text;
	while (count--) {
		size_t len = strcspn(starts[count], "\n");

		kb_escape(line, sizeof(line), starts[count], len);
		if (!run->silent)
			fprintf(stderr, "%s: %s\n", run->argv[0], line);
		if (count == 0)
			snprintf(last, cap, ": %.200s", line);
	}
}

int kb_run(const struct kb_run *run, int *ret_status, struct kb_err *err)
{
	char **env __attribute__((cleanup(free_environment))) = NULL;
	kb_autoclose int log = -1, out_read = -1, out_write = -1;
	kb_autofree char *path = NULL;
	pid_t pid, parent = getpid();
	char last[300];
	int status = 0, rc;

	if ((rc = kb_run_check(err)) < 0 || (rc = kb_run_find(run->argv[0], &path, err)) < 0)
		return rc;
	log = memfd_create("log", MFD_CLOEXEC);
	if (log < 0)
		return kb_err_errno(err, KB_E_IO, "run %s", run->argv[0]);
	if (run->out) {
		int fds[2];

		if (pipe2(fds, O_CLOEXEC) < 0)
			return kb_err_errno(err, KB_E_IO, "run %s", run->argv[0]);
		out_read = fds[0];
		out_write = fds[1];
	}
	env = build_environment(run);
	pid = fork();
	if (pid < 0)
		return kb_err_errno(err, KB_E_IO, "run %s", run->argv[0]);
	if (pid == 0)
		become(run, path, env, out_write, log, parent);
	setpgid(pid, pid); /* both sides, so that neither is too late */
	if (out_write >= 0) {
		close(out_write);
		out_write = -1;
	}
	rc = attend(run, pid, out_read, &status, err);
	if (rc < 0)
		return rc;
	if (WIFEXITED(status)) {
		bool good = WEXITSTATUS(status) == 0;

		for (size_t i = 0; !good && run->allowed && run->allowed[i]; i++)
			good = run->allowed[i] == WEXITSTATUS(status);
		if (ret_status)
			*ret_status = WEXITSTATUS(status);
		if (good)
			return 0;
	}
	show_tail(run, log, last, sizeof(last));
	if (WIFSIGNALED(status))
		return kb_err_set(err, KB_E_DEPENDENCY, "%s was ended by signal %d%s", run->argv[0],
				  WTERMSIG(status), last);
	return kb_err_set(err, KB_E_DEPENDENCY, "%s failed with status %d%s", run->argv[0],
			  WEXITSTATUS(status), last);
}
