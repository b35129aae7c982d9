#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/mem.h"
#include "core/proc.h"

/* What a program printed, "out:LINE\n" and "err:LINE\n". */
struct heard {
	struct kb_buf text;
	size_t lines, longest;
	bool cut;
	bool quiet;
	uint64_t stop_at; /* ms on the monotonic clock */
};

static void on_line(void *ctx, enum kb_proc_stream stream, const char *line, size_t len, bool cut)
{
	struct heard *h = ctx;

	h->lines++;
	h->cut = h->cut || cut;
	if (len > h->longest)
		h->longest = len;
	if (!h->quiet)
		kb_buf_printf(&h->text, "%s:%s\n", stream == KB_PROC_OUT ? "out" : "err", line);
}

static bool wants_stop(void *ctx)
{
	const struct heard *h = ctx;

	return h->stop_at && kb_monotonic_ms() >= h->stop_at;
}

static struct kb_proc_result run(const char *script, uint32_t timeout, struct heard *h)
{
	const char *argv[] = {"/bin/sh", "-c", script, NULL};
	const char *env[] = {"PATH=/usr/bin:/bin", "GREETING=hello", NULL};
	struct kb_proc proc = {.argv = argv,
			       .env = env,
			       .timeout = timeout,
			       .line = on_line,
			       .stop = wants_stop,
			       .ctx = h};
	struct kb_proc_result result = {.status = -2};
	struct kb_err err = {.text = ""};

	if (kb_proc_run(&proc, &result, &err) < 0)
		fail_msg("%s", err.text);
	return result;
}

#define autoheard __attribute__((cleanup(forget))) struct heard

static void forget(struct heard *h)
{
	kb_buf_free(&h->text);
}

KB_TEST(proc_gives_lines_and_status)
{
	autoheard h = {.lines = 0};
	struct kb_proc_result r = run("echo $GREETING; echo; printf end; exit 7", 10, &h);

	assert_int_equal(r.status, 7);
	assert_string_equal(h.text.data, "out:hello\nout:\nout:end\n");
}

KB_TEST(proc_tells_the_streams_apart)
{
	autoheard h = {.lines = 0};
	struct kb_proc_result r = run("echo bad >&2; exit 0", 10, &h);

	assert_int_equal(r.status, 0);
	assert_string_equal(h.text.data, "err:bad\n");
}

KB_TEST(proc_inherits_nothing)
{
	kb_autoclose int leak = open("/dev/null", O_RDONLY); /* not close-on-exec */
	autoheard h = {.lines = 0};

	assert_true(leak >= 0);
	setenv("LD_LIBRARY_PATH", "/nowhere", 1);
	run("env | sort; cat; umask; pwd; ls /proc/self/fd | wc -l", 10, &h);
	unsetenv("LD_LIBRARY_PATH");
	/* 0, 1, 2 and the folder that ls reads */
	assert_string_equal(h.text.data, "out:GREETING=hello\nout:PATH=/usr/bin:/bin\nout:PWD=/\n"
					 "out:0077\nout:/\nout:4\n");
}

KB_TEST(proc_of_a_missing_program_says_so)
{
	const char *argv[] = {"/nowhere/program", NULL};
	struct kb_proc proc = {.argv = argv};
	struct kb_proc_result r;
	struct kb_err err;

	assert_int_equal(kb_proc_run(&proc, &r, &err), KB_E_MISSING);
	assert_string_equal(err.text, "run /nowhere/program: No such file or directory");
	argv[0] = "/etc/passwd";
	assert_int_equal(kb_proc_run(&proc, &r, &err), KB_E_ENVIRONMENT);
}

KB_TEST(proc_names_the_signal)
{
	autoheard h = {.lines = 0};
	struct kb_proc_result r = run("kill -SEGV $$", 10, &h);

	assert_int_equal(r.status, -1);
	assert_int_equal(r.signal, SIGSEGV);
}

KB_TEST(proc_ends_what_runs_out_of_time)
{
	autoheard h = {.lines = 0};
	uint64_t start = kb_monotonic_ms();
	struct kb_proc_result r = run("echo here; sleep 1000; echo never", 1, &h);

	assert_true(r.timed_out);
	assert_true(kb_monotonic_ms() - start < 4000);
	assert_string_equal(h.text.data, "out:here\n");
}

/* L2: it hangs, is deaf, detaches, floods, multiplies. */
KB_TEST(proc_kills_what_ignores_term)
{
	autoheard h = {.lines = 0};
	uint64_t start = kb_monotonic_ms(), took;
	struct kb_proc_result r = run("trap '' TERM; echo deaf; while :; do sleep 1; done", 1, &h);

	took = kb_monotonic_ms() - start;
	assert_true(r.timed_out);
	assert_int_equal(r.signal, SIGKILL);
	assert_true(took >= KB_PROC_GRACE * 1000 && took < (KB_PROC_GRACE + 4) * 1000);
}

KB_TEST(proc_stops_when_asked)
{
	autoheard h = {.stop_at = kb_monotonic_ms() + 200};
	struct kb_proc_result r = run("sleep 1000", 0, &h);

	assert_true(r.stopped);
	assert_false(r.timed_out);
}

static bool exists(const char *marker)
{
	kb_autofree char *command = kb_format("grep -lsa %s /proc/[0-9]*/cmdline | grep -v $$ | "
					      "grep -qv self",
					      marker);
	autoheard h = {.lines = 0};

	return run(command, 10, &h).status == 0;
}

/* A daemon that left its parent, its group and its session. */
KB_TEST(proc_leaves_no_daemon_behind)
{
	autoheard h = {.lines = 0};
	struct kb_proc_result r =
		run("(setsid sh -c '(setsid sleep 98765 &) ; sleep 98765' >/dev/null 2>&1 &); "
		    "sleep 98765 & exit 0",
		    10, &h);

	assert_int_equal(r.status, 0);
	usleep(50000);
	assert_false(exists("987[6]5"));
}

/* A background process keeps the pipes open: the program is over all the same. */
KB_TEST(proc_does_not_wait_for_borrowed_pipes)
{
	autoheard h = {.lines = 0};
	uint64_t start = kb_monotonic_ms();
	struct kb_proc_result r = run("echo said; sleep 1000 & exit 3", 100, &h);

	assert_int_equal(r.status, 3);
	assert_true(kb_monotonic_ms() - start < 3000);
	assert_string_equal(h.text.data, "out:said\n");
}

KB_TEST(proc_cuts_long_lines)
{
	autoheard h = {.lines = 0, .quiet = true};

	run("head -c 100000 /dev/zero | tr '\\0' x; echo; echo short", 10, &h);
	assert_int_equal(h.lines, 2);
	assert_int_equal(h.longest, KB_PROC_LINE_MAX);
	assert_true(h.cut);
}

KB_TEST(proc_survives_output_without_end)
{
	autoheard h = {.lines = 0, .quiet = true};
	struct kb_proc_result r = run("yes", 1, &h);

	assert_true(r.timed_out);
	assert_true(h.lines > 1000);
}

KB_TEST(proc_takes_any_byte)
{
	autoheard h = {.lines = 0, .quiet = true};

	run("printf 'a\\000b\\033[2J\\377\\n'", 10, &h);
	assert_int_equal(h.lines, 1);
	assert_int_equal(h.longest, 8);
}

KB_TEST(proc_goes_on_when_output_is_closed_early)
{
	autoheard h = {.lines = 0};
	struct kb_proc_result r = run("exec >&- 2>&-; sleep 0.3; exit 4", 10, &h);

	assert_int_equal(r.status, 4);
}

KB_TEST(proc_ends_a_crowd)
{
	autoheard h = {.lines = 0};
	struct kb_proc_result r = run(
		"i=0; while [ $i -lt 300 ]; do (setsid sleep 98764 &) ; i=$((i+1)); done; exit 0",
		60, &h);

	assert_int_equal(r.status, 0);
	assert_false(exists("987[6]4"));
}

/* An offline program that prints how many lines of addresses and routes there
 * are, those of loopback among them, and its namespace. */
static int run_offline(struct heard *h, struct kb_proc_result *ret_result, struct kb_err *err)
{
	const char *script = "wc -l </proc/net/fib_trie; readlink /proc/self/ns/net";
	const char *argv[] = {"/bin/sh", "-c", script, NULL};
	const char *env[] = {"PATH=/usr/bin:/bin", NULL};
	struct kb_proc proc = {.argv = argv,
			       .env = env,
			       .timeout = 10,
			       .offline = true,
			       .line = on_line,
			       .ctx = h};

	return kb_proc_run(&proc, ret_result, err);
}

static char *own_network(void)
{
	char name[64] = "";

	assert_true(readlink("/proc/self/ns/net", name, sizeof(name) - 1) > 0);
	return kb_strdup(name);
}

/* G21: a loopback that is down and no route, where the kernel lets us. */
KB_TEST(proc_offline_has_no_network)
{
	kb_autofree char *own = own_network();
	autoheard h = {.lines = 0};
	struct kb_proc_result r = {.status = -2};
	struct kb_err err = {.text = ""};

	if (run_offline(&h, &r, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(r.status, 0);
	if (geteuid() != 0) {
		assert_int_equal(r.online, EPERM);
		assert_non_null(strstr(h.text.data, own));
		return;
	}
	assert_int_equal(r.online, 0);
	assert_null(strstr(h.text.data, own));
	assert_int_equal(strncmp(h.text.data, "out:0\nout:net:[", 15), 0);
}

/* From here on this process and its children get ERROR from unshare(2). */
static void refuse_namespaces(int error)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_unshare, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		_exit(99);
}

/* What comes of an offline program on a kernel that answers ERROR: the code, or
 * 0 when it ran with the network it found and the result says why. */
static int offline_on_kernel(int error)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		kb_autofree char *own = own_network();
		struct heard h = {.lines = 0};
		struct kb_proc_result r = {.status = -2};
		struct kb_err err;
		int rc;

		refuse_namespaces(error);
		rc = run_offline(&h, &r, &err);
		if (rc == 0 && (r.online != error || r.status || !strstr(h.text.data, own)))
			rc = -98;
		_exit(-rc);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return -WEXITSTATUS(status);
}

KB_TEST(proc_offline_is_best_effort)
{
	assert_int_equal(offline_on_kernel(ENOSYS), 0);
	assert_int_equal(offline_on_kernel(EINVAL), 0);
	assert_int_equal(offline_on_kernel(EPERM), 0);
	assert_int_equal(offline_on_kernel(ENOMEM), KB_E_MEMORY);
	assert_int_equal(offline_on_kernel(ENOSPC), KB_E_ENVIRONMENT); /* too many of them */
	assert_int_equal(offline_on_kernel(EMFILE), KB_E_ENVIRONMENT);
}
