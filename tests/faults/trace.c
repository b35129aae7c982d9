#include "tests/faults/trace.h"

#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/mem.h"
#include "core/proc.h"
#include "tests/faults/fail.h"

enum { THREADS = 64, LIMIT_MS = 60000, TIDY_MS = 10000 };

/* What a thread's current call will return instead of its own answer. */
struct thread {
	pid_t tid;
	bool forced, shortened;
	long answer;
	unsigned long length; /* that was asked for */
};

#define N_WAITS 3
static const unsigned waits[N_WAITS] = {SYS_nanosleep, SYS_clock_nanosleep, SYS_clock_gettime};

struct tracer {
	const struct trace *t;
	struct trace_result *result;
	pid_t pid;
	bool started; /* our program runs: its calls count */
	uint64_t ahead_ns;
	struct thread threads[THREADS];
	size_t n_threads;
};

/* Stop at the calls of WAITS only: nothing else need be seen of a run that is
 * not struck. Programs that it starts are not traced, and use the fast clock. */
static int stop_at_waits(void)
{
	const unsigned nr = offsetof(struct seccomp_data, nr);
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, nr),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, waits[0], 3, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, waits[1], 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, waits[2], 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE),
	};
	struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};

	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static bool is_fast(const struct trace *t)
{
	return t->strike == STRIKE_NONE && !t->counted;
}

/* Where the allocator of the test build looks for its number. */
static int tell_allocator(long number)
{
	int ends[2];

	if (pipe(ends) < 0 || dprintf(ends[1], "%ld", number) < 0 || close(ends[1]) < 0)
		return -1;
	return dup2(ends[0], TRACE_ALLOCATOR_FD);
}

static void run_child(const struct trace *t) __attribute__((noreturn));

static void run_child(const struct trace *t)
{
	static char *const env[] = {NULL};
	int out = open(t->output ? t->output : "/dev/null", O_WRONLY | O_CREAT | O_TRUNC, 0600);
	int null = open("/dev/null", O_RDONLY);

	if (out < 0 || null < 0 || dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
		_exit(98);
	if (chroot(t->root) < 0 || chdir("/") < 0 || setsid() < 0)
		_exit(98);
	if (t->allocation && tell_allocator(t->allocation) < 0)
		_exit(98);
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0 || raise(SIGSTOP) != 0)
		_exit(98);
	if (is_fast(t) && stop_at_waits() < 0)
		_exit(98);
	execve(t->argv[0], (char *const *)(uintptr_t)t->argv, env);
	_exit(98);
}

static bool peek(pid_t tid, uint64_t at, void *data, size_t len)
{
	struct iovec here = {data, len}, there = {(void *)(uintptr_t)at, len};

	return process_vm_readv(tid, &here, 1, &there, 1, 0) == (ssize_t)len;
}

static bool poke(pid_t tid, uint64_t at, void *data, size_t len)
{
	struct iovec here = {data, len}, there = {(void *)(uintptr_t)at, len};

	return process_vm_writev(tid, &here, 1, &there, 1, 0) == (ssize_t)len;
}

/* Hide the kernel's page of fast calls, so that the clock is asked by a call we
 * see: argc, argv, NULL, environment, NULL, then pairs until AT_NULL. */
static void hide_vdso(pid_t tid)
{
	struct user_regs_struct regs;
	uint64_t at, word;
	Elf64_auxv_t pair;
	int ends = 0;

	if (ptrace(PTRACE_GETREGS, tid, NULL, &regs) < 0)
		fail("registers");
	for (at = regs.rsp + 8; ends < 2; at += 8) {
		if (!peek(tid, at, &word, sizeof(word)))
			fail("the program's stack");
		ends += word == 0;
	}
	for (; peek(tid, at, &pair, sizeof(pair)) && pair.a_type != AT_NULL; at += sizeof(pair))
		if (pair.a_type == AT_SYSINFO_EHDR) {
			pair.a_type = AT_IGNORE;
			if (!poke(tid, at, &pair, sizeof(pair)))
				fail("the program's stack");
		}
}

static struct thread *thread_of(struct tracer *tr, pid_t tid)
{
	for (size_t i = 0; i < tr->n_threads; i++)
		if (tr->threads[i].tid == tid)
			return &tr->threads[i];
	for (size_t i = 0; i < tr->n_threads; i++)
		if (tr->threads[i].tid == 0) {
			tr->threads[i] = (struct thread){.tid = tid};
			return &tr->threads[i];
		}
	if (tr->n_threads == THREADS)
		fail("more than %d threads", THREADS);
	tr->threads[tr->n_threads] = (struct thread){.tid = tid};
	return &tr->threads[tr->n_threads++];
}

/* The call is not made, and its answer will be ANSWER. */
static void skip(struct thread *th, long answer)
{
	errno = 0;
	if (ptrace(PTRACE_POKEUSER, th->tid, offsetof(struct user, regs.orig_rax), -1L) < 0)
		fail("skip a call");
	th->forced = true;
	th->answer = answer;
}

static void halve(struct thread *th, const struct __ptrace_syscall_info *info)
{
	unsigned long len = info->entry.args[2] / 2;

	th->shortened = true;
	th->length = info->entry.args[2];
	if (ptrace(PTRACE_POKEUSER, th->tid, offsetof(struct user, regs.rdx), len ? len : 1) < 0)
		fail("shorten a call");
}

static void strike(struct tracer *tr, struct thread *th, const struct __ptrace_syscall_info *info)
{
	const struct trace *t = tr->t;

	tr->result->struck = true;
	if (t->strike == STRIKE_KILL || t->strike == STRIKE_SIGNAL) {
		kill(tr->pid, t->strike == STRIKE_KILL ? SIGKILL : t->error);
	} else if (t->strike == STRIKE_ERROR) {
		skip(th, -t->error);
	} else if (t->strike == STRIKE_LATE) {
		th->forced = true;
		th->answer = -t->error;
	} else if (t->strike == STRIKE_SHORT) {
		halve(th, info);
	}
}

static void pass_time(struct tracer *tr, struct thread *th, uint64_t at)
{
	struct timespec ts = {0, 0};

	if (peek(th->tid, at, &ts, sizeof(ts)))
		tr->ahead_ns += (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
	skip(th, 0);
}

static bool is_now(const struct tracer *tr, long n, long call)
{
	const struct trace *t = tr->t;

	if (t->strike == STRIKE_NONE || tr->result->struck)
		return false;
	return t->by_number ? n >= t->at && call == t->number : n == t->at;
}

static void on_entry(struct tracer *tr, struct thread *th, const struct __ptrace_syscall_info *info)
{
	unsigned long args[6];
	long call = (long)info->entry.nr, n = ++tr->result->calls;

	for (int i = 0; i < 6; i++)
		args[i] = info->entry.args[i];
	if (tr->t->seen)
		tr->t->seen(tr->t->ctx, n, call, args);
	if (call == SYS_nanosleep)
		pass_time(tr, th, args[0]);
	else if (call == SYS_clock_nanosleep)
		pass_time(tr, th, args[2]);
	if (is_now(tr, n, call))
		strike(tr, th, info);
}

/* The clock of a program that did not sleep. */
static void move_clock(const struct tracer *tr, pid_t tid)
{
	struct user_regs_struct regs;
	struct timespec ts;
	uint64_t ns;

	if (ptrace(PTRACE_GETREGS, tid, NULL, &regs) < 0 || regs.orig_rax != SYS_clock_gettime ||
	    regs.rdi != CLOCK_MONOTONIC || !peek(tid, regs.rsi, &ts, sizeof(ts)))
		return;
	ns = (uint64_t)ts.tv_nsec + tr->ahead_ns;
	ts.tv_sec += (time_t)(ns / 1000000000u);
	ts.tv_nsec = (long)(ns % 1000000000u);
	poke(tid, regs.rsi, &ts, sizeof(ts));
}

static void on_exit_of_call(struct tracer *tr, struct thread *th)
{
	/* a call leaves its arguments alone, and compilers know that */
	if (th->shortened &&
	    ptrace(PTRACE_POKEUSER, th->tid, offsetof(struct user, regs.rdx), th->length) < 0 &&
	    errno != ESRCH)
		fail("restore a call");
	th->shortened = false;
	if (th->forced &&
	    ptrace(PTRACE_POKEUSER, th->tid, offsetof(struct user, regs.rax), th->answer) < 0 &&
	    errno != ESRCH)
		fail("answer a call");
	else if (!th->forced && tr->ahead_ns)
		move_clock(tr, th->tid);
	th->forced = false;
}

static void on_call(struct tracer *tr, pid_t tid)
{
	struct __ptrace_syscall_info info;
	struct thread *th = thread_of(tr, tid);

	if (ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof(info), &info) <= 0)
		return; /* killed meanwhile */
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
		on_entry(tr, th, &info);
	else if (info.op == PTRACE_SYSCALL_INFO_EXIT)
		on_exit_of_call(tr, th);
}

/* At a call of WAITS: a sleep is over at once, the clock is moved on its exit. */
static int on_wait(struct tracer *tr, pid_t tid)
{
	struct thread *th = thread_of(tr, tid);
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, tid, NULL, &regs) < 0)
		return PTRACE_CONT; /* killed meanwhile */
	if (regs.orig_rax == SYS_clock_gettime)
		return PTRACE_SYSCALL;
	pass_time(tr, th, regs.orig_rax == SYS_nanosleep ? regs.rdi : regs.rdx);
	return PTRACE_SYSCALL;
}

/* The signal to hand on to the thread, and how it goes on. */
static int on_stop(struct tracer *tr, pid_t tid, int status, int *ret_how)
{
	int sig = WSTOPSIG(status), event = status >> 16;

	*ret_how = is_fast(tr->t) ? PTRACE_CONT : PTRACE_SYSCALL;
	if (event == PTRACE_EVENT_SECCOMP)
		*ret_how = on_wait(tr, tid);

	if (sig == (SIGTRAP | 0x80)) {
		if (tr->started)
			on_call(tr, tid);
		return 0;
	}
	if (event == PTRACE_EVENT_EXEC && !tr->started) {
		tr->started = true;
		hide_vdso(tid);
	}
	/* a new thread reports with a stop of its own */
	return event || sig == SIGSTOP || sig == SIGTRAP ? 0 : sig;
}

static void forget_thread(struct tracer *tr, pid_t tid)
{
	for (size_t i = 0; i < tr->n_threads; i++)
		if (tr->threads[i].tid == tid)
			tr->threads[i] = (struct thread){.tid = 0};
}

static void take_end(struct tracer *tr, int status)
{
	tr->result->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	tr->result->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

/* Until the program is over; whatever else ends here is an orphan of it. */
static void watch(struct tracer *tr)
{
	for (;;) {
		int status, sig, how;
		pid_t tid = waitpid(-1, &status, __WALL);

		if (tid < 0 && errno == EINTR)
			continue;
		if (tid < 0)
			fail("wait for the program");
		if (WIFSTOPPED(status)) {
			sig = on_stop(tr, tid, status, &how);
			if (ptrace(how, tid, 0, sig) < 0 && errno != ESRCH)
				fail("go on");
			continue;
		}
		forget_thread(tr, tid);
		if (tid == tr->pid) {
			take_end(tr, status);
			return;
		}
	}
}

static volatile sig_atomic_t alarmed;
static pid_t to_end;

static void on_alarm(int sig)
{
	(void)sig;
	alarmed = 1;
	kill(to_end, SIGKILL);
}

static pid_t spared[2];

void trace_spare(int which, pid_t pid)
{
	spared[which] = pid;
}

/* Name what is left of our children, for whoever has to find out why, and end it. */
static void end_orphans(void)
{
	char path[64], line[400];
	DIR *proc = opendir("/proc");
	const struct dirent *entry;

	while (proc && (entry = readdir(proc))) {
		FILE *f;
		const char *end;

		snprintf(path, sizeof(path), "/proc/%.16s/stat", entry->d_name);
		f = fopen(path, "re");
		if (!f)
			continue;
		if (fgets(line, sizeof(line), f) && (end = strrchr(line, ')')) &&
		    atoi(end + 4) == (int)getpid()) {
			if (atoi(entry->d_name) == spared[0] || atoi(entry->d_name) == spared[1]) {
				fclose(f);
				continue;
			}
			fprintf(stderr, "orphan: %.100s\n", line);
			kill(atoi(entry->d_name), SIGKILL);
		}
		fclose(f);
	}
	if (proc)
		closedir(proc);
}

/* Are the children that we still have those that are to be spared? */
static bool only_spared(void)
{
	kb_autofree char *path = kb_format("/proc/self/task/%d/children", (int)getpid());
	FILE *f = spared[0] || spared[1] ? fopen(path, "re") : NULL;
	bool only = f != NULL;
	int pid;

	while (f && fscanf(f, "%d", &pid) == 1)
		only = only && (pid == spared[0] || pid == spared[1]);
	if (f)
		fclose(f);
	return only;
}

/* A shell that was left behind may still be at work; a host that is installed
 * again while it is would be another test. One that does not end is ended: the
 * host has to come out right all the same. */
static void collect_orphans(void)
{
	uint64_t until = kb_monotonic_ms() + TIDY_MS;
	bool ended = false;

	for (;;) {
		pid_t pid = waitpid(-1, NULL, __WALL | WNOHANG);

		if (pid < 0 || (pid == 0 && only_spared()))
			return;
		if (pid == 0 && kb_monotonic_ms() > until) {
			if (ended)
				fail("an orphan that does not end");
			end_orphans();
			ended = true;
			until += TIDY_MS;
		}
		if (pid == 0)
			nanosleep(&(struct timespec){0, 200000}, NULL);
	}
}

static void attach(struct tracer *tr)
{
	int status;

	if (waitpid(tr->pid, &status, 0) < 0 || !WIFSTOPPED(status))
		fail("start %s", tr->t->argv[0]);
	if (ptrace(PTRACE_SETOPTIONS, tr->pid, 0,
		   PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC |
			   PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL) < 0 ||
	    ptrace(PTRACE_SYSCALL, tr->pid, 0, 0) < 0)
		fail("trace %s", tr->t->argv[0]);
}

void trace_run(const struct trace *t, struct trace_result *ret_result)
{
	struct tracer tr = {.t = t, .result = ret_result};
	struct itimerval limit = {.it_value = {LIMIT_MS / 1000, 0}}, none = {{0, 0}, {0, 0}};

	*ret_result = (struct trace_result){.status = -1};
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	if ((tr.pid = fork()) < 0)
		fail("fork");
	if (tr.pid == 0)
		run_child(t);
	attach(&tr);
	alarmed = 0;
	to_end = tr.pid;
	signal(SIGALRM, on_alarm);
	setitimer(ITIMER_REAL, &limit, NULL);
	watch(&tr);
	setitimer(ITIMER_REAL, &none, NULL);
	ret_result->hung = alarmed;
	collect_orphans();
}
