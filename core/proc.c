#include "core/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/mem.h"
#include "core/proc_private.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

enum { TICK = 50 }; /* ms: how long a stop request or an orphaned pipe waits */

uint64_t kb_monotonic_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void emit(const struct kb_proc *p, struct kb_proc_lines *l)
{
	l->line[l->len] = '\0';
	if (p->line)
		p->line(p->ctx, l->stream, l->line, l->len, l->cut);
	l->len = 0;
	l->cut = false;
}

void kb_proc_feed(const struct kb_proc *p, struct kb_proc_lines *l, const char *data, size_t len)
{
	while (len) {
		const char *end = memchr(data, '\n', len);
		size_t n = end ? (size_t)(end - data) : len;
		size_t fits = KB_PROC_LINE_MAX - l->len < n ? KB_PROC_LINE_MAX - l->len : n;

		memcpy(l->line + l->len, data, fits);
		l->len += fits;
		l->cut = l->cut || fits < n;
		if (end)
			emit(p, l);
		data += n + (end != NULL);
		len -= n + (end != NULL);
	}
}

void kb_proc_flush(const struct kb_proc *p, struct kb_proc_lines *l)
{
	if (l->len || l->cut)
		emit(p, l);
}

/* A running program as its watcher sees it. */
struct watch {
	const struct kb_proc *p;
	struct kb_proc_result *result;
	pid_t pid;
	int pidfd;
	int out[2]; /* -1 once at its end */
	bool over;
	uint64_t deadline, kill_at; /* ms; 0: none */
	struct kb_proc_lines lines[2];
};

/* One read of one stream, so that a program which
 * never stops writing cannot keep us from looking at the clock. */
static int drain(struct watch *w, int stream, struct kb_err *err)
{
	char block[16384];
	ssize_t n = read(w->out[stream], block, sizeof(block));
	int rc = n < 0 && errno != EINTR && errno != EAGAIN
			 ? kb_err_errno(err, KB_E_IO, "read what it prints")
			 : 0;

	if (n > 0) {
		kb_proc_feed(w->p, &w->lines[stream], block, (size_t)n);
	} else if (n == 0) {
		close(w->out[stream]);
		w->out[stream] = -1;
	}
	explicit_bzero(block, n > 0 ? (size_t)n : 0); /* it may hold a secret */
	return rc;
}

static void end_program(struct watch *w)
{
	if (w->kill_at)
		return;
	kill(-w->pid, SIGTERM);
	kill(-w->pid, SIGCONT); /* a stopped program hears TERM only then */
	w->kill_at = kb_monotonic_ms() + KB_PROC_GRACE * 1000u;
}

static void check_limits(struct watch *w)
{
	uint64_t now = kb_monotonic_ms();

	if (!w->kill_at && w->deadline && now >= w->deadline) {
		w->result->timed_out = true;
		end_program(w);
	}
	if (!w->kill_at && w->p->stop && w->p->stop(w->p->ctx)) {
		w->result->stopped = true;
		end_program(w);
	}
	if (w->kill_at && now >= w->kill_at)
		kill(-w->pid, SIGKILL);
}

static int poll_once(struct watch *w, struct kb_err *err)
{
	struct pollfd fds[3] = {{w->out[0], POLLIN, 0},
				{w->out[1], POLLIN, 0},
				{w->over ? -1 : w->pidfd, POLLIN, 0}};

	if (poll(fds, 3, w->over ? 0 : TICK) < 0 && errno != EINTR)
		return kb_err_errno(err, KB_E_IO, "wait for %s", w->p->argv[0]);
	for (int i = 0; i < 2; i++) {
		int rc = fds[i].revents ? drain(w, i, err) : 0;

		if (rc < 0)
			return rc;
	}
	return 0;
}

/* Without reaping it: the process id stays ours to signal until the end. */
static void look_whether_over(struct watch *w)
{
	siginfo_t info = {0};

	if (waitid(P_PID, (id_t)w->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0)
		w->over = info.si_pid == w->pid;
}

static int watch_program(struct watch *w, struct kb_err *err)
{
	int rc = 0;

	while (rc == 0 && !w->over) {
		rc = poll_once(w, err);
		check_limits(w);
		look_whether_over(w);
	}
	return rc;
}

/* What the program itself wrote is in the pipes by now. Something it left
 * behind may hold them open or write on: take what is there, bounded. */
static int take_rest(struct watch *w, struct kb_err *err)
{
	uint64_t until = kb_monotonic_ms() + 1000;
	int rc = 0;

	while (rc == 0 && (w->out[0] >= 0 || w->out[1] >= 0) && kb_monotonic_ms() < until) {
		struct pollfd fds[2] = {{w->out[0], POLLIN, 0}, {w->out[1], POLLIN, 0}};

		if (poll(fds, 2, 0) <= 0)
			break;
		rc = poll_once(w, err);
	}
	for (int i = 0; i < 2; i++)
		kb_proc_flush(w->p, &w->lines[i]);
	return rc;
}

static void take_status(struct watch *w)
{
	int status = 0;

	while (waitpid(w->pid, &status, 0) < 0 && errno == EINTR)
		;
	w->result->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	w->result->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void close_watch(struct watch *w)
{
	kb_cleanup_close(&w->out[0]);
	kb_cleanup_close(&w->out[1]);
	kb_cleanup_close(&w->pidfd);
	explicit_bzero(w->lines, sizeof(w->lines));
}

int kb_proc_run(const struct kb_proc *p, struct kb_proc_result *ret_result, struct kb_err *err)
{
	struct kb_proc_result result = {.status = -1};
	struct watch w = {.p = p, .result = &result, .pidfd = -1, .out = {-1, -1}};
	int rc;

	/* what a program leaves behind becomes our child, not init's */
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return kb_err_errno(err, KB_E_ENVIRONMENT, "become subreaper");
	w.lines[KB_PROC_ERR].stream = KB_PROC_ERR;
	w.deadline = p->timeout ? kb_monotonic_ms() + (uint64_t)p->timeout * 1000 : 0;
	if ((rc = kb_proc_spawn(p, &w.pid, w.out, &result.online, err)) < 0)
		return rc;
	w.pidfd = (int)syscall(SYS_pidfd_open, w.pid, 0); /* -1 before Linux 5.3: ticks do */
	rc = watch_program(&w, err);
	if (rc == 0)
		rc = take_rest(&w, err);
	kill(-w.pid, SIGKILL); /* while the program is not reaped, the number is its */
	take_status(&w);
	if (kb_proc_reap(rc == 0 ? err : NULL) < 0 && rc == 0)
		rc = KB_E_DEPENDENCY;
	close_watch(&w);
	if (rc < 0)
		return kb_err_wrap(err, "%s", p->argv[0]);
	*ret_result = result;
	return 0;
}

void kb_proc_describe(const struct kb_proc *p, const struct kb_proc_result *result, char *out,
		      size_t cap)
{
	if (result->timed_out)
		snprintf(out, cap, "out of time after %u s", p->timeout);
	else if (result->stopped)
		snprintf(out, cap, "stopped");
	else if (result->signal)
		snprintf(out, cap, "killed by signal %d", result->signal);
	else
		snprintf(out, cap, "exit %d", result->status);
}
