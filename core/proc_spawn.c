#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/mem.h"
#include "core/proc_private.h"

#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#define CLOSE_RANGE_AS_CLOEXEC 4u

static int shared = -1;

void kb_proc_share(int fd)
{
	shared = fd;
}

/* What the child could not do, and why; sent through a pipe that an execve
 * that works closes. */
struct failure {
	int error;
	enum {
		EXECUTE,
		PREPARE,
		GO_OFFLINE,
		STAYS_ONLINE, /* which is told, and not the end */
	} what;
};

/* Everything from here to execve runs in a forked child of a program that may
 * have threads: async-signal-safe calls only, no allocation. */

static void reset_signals(void)
{
	struct sigaction sa = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		sigaction(i, &sa, NULL); /* KILL and STOP refuse; so be it */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void mark_all_cloexec(void)
{
	struct rlimit limit;
	rlim_t max = 65536;

	if (syscall(SYS_close_range, 3u, ~0u, CLOSE_RANGE_AS_CLOEXEC) == 0)
		return;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < max)
		max = limit.rlim_cur;
	for (int fd = 3; fd < (int)max; fd++)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static void tell(int pipe_fd, int what)
{
	struct failure failure = {.error = errno, .what = what};

	if (write(pipe_fd, &failure, sizeof(failure)) != (ssize_t)sizeof(failure))
		_exit(126);
}

static void fail(int pipe_fd, int what) __attribute__((noreturn));

static void fail(int pipe_fd, int what)
{
	tell(pipe_fd, what);
	_exit(127);
}

/* A kernel without namespaces and a container that may not make any take
 * nothing away: what they run they would have run before there was this. */
static void go_offline(int report)
{
	if (unshare(CLONE_NEWNET) == 0)
		return;
	if (errno != EINVAL && errno != ENOSYS && errno != EPERM)
		fail(report, GO_OFFLINE);
	tell(report, STAYS_ONLINE);
}

static void run_child(const struct kb_proc *p, const int fds[3], int report, pid_t parent)
{
	static const char *const empty[] = {NULL};
	struct rlimit no_core = {0, 0};

	reset_signals();
	if (setsid() < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		fail(report, PREPARE);
	if (getppid() != parent)
		_exit(126); /* the parent died before the line above */
	for (int i = 0; i < 3; i++)
		if (dup2(fds[i], i) < 0)
			fail(report, PREPARE);
	mark_all_cloexec();
	if (shared >= 0 && fcntl(shared, F_SETFD, 0) < 0)
		fail(report, PREPARE);
	if (p->offline)
		go_offline(report);
	umask(077);
	setrlimit(RLIMIT_CORE, &no_core);
	if (chdir(p->cwd ? p->cwd : "/") < 0)
		fail(report, PREPARE);
	execve(p->argv[0], (char *const *)(uintptr_t)p->argv,
	       (char *const *)(uintptr_t)(p->env ? p->env : empty));
	fail(report, EXECUTE);
}

static int start_failed(const struct kb_proc *p, const struct failure *failure, struct kb_err *err)
{
	errno = failure->error;
	if (failure->what == GO_OFFLINE && errno == ENOSPC) /* no disk has anything to do with it */
		return kb_err_set(err, KB_E_ENVIRONMENT,
				  "run %s without a network: too many network namespaces: raise "
				  "user.max_net_namespaces",
				  p->argv[0]);
	if (failure->what == GO_OFFLINE)
		return kb_err_errno(err, KB_E_ENVIRONMENT, "run %s without a network", p->argv[0]);
	if (failure->what == PREPARE)
		return kb_err_errno(err, KB_E_IO, "prepare to run %s", p->argv[0]);
	if (errno == ENOENT)
		return kb_err_errno(err, KB_E_MISSING, "run %s", p->argv[0]);
	return kb_err_errno(err, KB_E_ENVIRONMENT, "run %s", p->argv[0]);
}

static ssize_t hear(int report, struct failure *ret_failure)
{
	ssize_t n;

	do
		n = read(report, ret_failure, sizeof(*ret_failure));
	while (n < 0 && errno == EINTR);
	return n;
}

/* Waits until the child has executed or told why not. */
static int await_exec(const struct kb_proc *p, pid_t pid, int report, int *ret_online,
		      struct kb_err *err)
{
	struct failure failure;
	ssize_t n = hear(report, &failure);
	int online = 0;

	if (n == (ssize_t)sizeof(failure) && failure.what == STAYS_ONLINE) {
		online = failure.error;
		n = hear(report, &failure);
	}
	if (n == 0) {
		*ret_online = online;
		return 0;
	}
	if (n != (ssize_t)sizeof(failure))
		failure = (struct failure){.error = EIO, .what = PREPARE};
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return start_failed(p, &failure, err);
}

struct pipes {
	int null, out[2], err[2], report[2];
};

static int open_pipes(struct pipes *ps, struct kb_err *err)
{
	struct stat st;

	ps->null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (ps->null < 0 || fstat(ps->null, &st) < 0)
		return kb_err_errno(err, errno == ENOENT ? KB_E_ENVIRONMENT : KB_E_IO, "/dev/null");
	/* a regular file put there by somebody would be read as input */
	if (!S_ISCHR(st.st_mode))
		return kb_err_set(err, KB_E_ENVIRONMENT, "/dev/null is not the null device");
	if (pipe2(ps->out, O_CLOEXEC) < 0 || pipe2(ps->err, O_CLOEXEC) < 0 ||
	    pipe2(ps->report, O_CLOEXEC) < 0)
		return kb_err_errno(err, KB_E_IO, "pipe");
	return 0;
}

static void close_pipes(struct pipes *ps)
{
	int *all[] = {&ps->null,   &ps->out[0],    &ps->out[1],   &ps->err[0],
		      &ps->err[1], &ps->report[0], &ps->report[1]};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		kb_cleanup_close(all[i]);
		*all[i] = -1;
	}
}

static int spawn(const struct kb_proc *p, struct pipes *ps, pid_t *ret_pid, int *ret_online,
		 struct kb_err *err)
{
	int fds[3] = {ps->null, ps->out[1], ps->err[1]};
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		return kb_err_errno(err, KB_E_IO, "start a process for %s", p->argv[0]);
	if (pid == 0)
		run_child(p, fds, ps->report[1], parent);
	close(ps->report[1]);
	ps->report[1] = -1;
	*ret_pid = pid;
	return await_exec(p, pid, ps->report[0], ret_online, err);
}

int kb_proc_spawn(const struct kb_proc *p, pid_t *ret_pid, int ret_out[2], int *ret_online,
		  struct kb_err *err)
{
	struct pipes ps = {-1, {-1, -1}, {-1, -1}, {-1, -1}};
	int rc = open_pipes(&ps, err);

	if (rc == 0)
		rc = spawn(p, &ps, ret_pid, ret_online, err);
	if (rc == 0) {
		ret_out[KB_PROC_OUT] = ps.out[0];
		ret_out[KB_PROC_ERR] = ps.err[0];
		ps.out[0] = ps.err[0] = -1;
	}
	close_pipes(&ps);
	return rc;
}
