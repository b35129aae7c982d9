#include "tests/unit/unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/file.h"
#include "core/mem.h"
#include "core/proc.h"
#include "stub/lock.h"

/* A run that takes the lock and then waits for a program whose own child, the
 * sleeper, writes its number to PATH. */
static void run_and_hang(int rootfd, const char *path)
{
	kb_autofree char *script =
		kb_format("sleep 300 & echo $! >%s.new; mv %s.new %s; wait", path, path, path);
	const char *argv[] = {"/bin/sh", "-c", script, NULL};
	const char *env[] = {"PATH=/usr/bin:/bin", NULL};
	struct kb_proc proc = {.argv = argv, .env = env};
	struct kb_proc_result result;
	kb_autounlock int lock = -1;

	if (kb_lock_take(rootfd, &lock, NULL) == 0)
		kb_proc_run(&proc, &result, NULL);
	_exit(1);
}

static pid_t read_pid(const char *path)
{
	char text[32] = "";

	for (int i = 0; i < 400; i++) {
		kb_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);

		if (fd >= 0 && read(fd, text, sizeof(text) - 1) > 0)
			return (pid_t)strtol(text, NULL, 10);
		usleep(25000);
	}
	fail_msg("%s was not written", path);
	return -1;
}

/* H3: the run is killed, what a step of it started works on. */
KB_TEST(lock_outlives_a_killed_run)
{
	const char *dir = kb_test_dir();
	kb_autofree char *path = kb_format("%s/sleeper", dir), *wanted = NULL;
	kb_autoclose int rootfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	kb_autounlock int lock = -1;
	struct kb_err err = {.text = ""};
	pid_t run, left;

	if ((run = fork()) == 0)
		run_and_hang(rootfd, path);
	left = read_pid(path);
	wanted = kb_format("sleep (pid %ld)", (long)left);
	kill(run, SIGKILL);
	waitpid(run, NULL, 0);

	assert_int_equal(kb_lock_take(rootfd, &lock, &err), KB_E_BUSY);
	assert_non_null(strstr(err.text, wanted));
	kill(left, SIGKILL);
	assert_int_equal(kb_lock_take(rootfd, &lock, &err), 0);
}

KB_TEST(lock_is_free_after_its_run)
{
	kb_autoclose int rootfd = open(kb_test_dir(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int first = -1;
	kb_autounlock int second = -1;
	struct kb_err err = {.text = ""};

	assert_int_equal(kb_lock_take(rootfd, &first, &err), 0);
	assert_int_equal(kb_lock_take(rootfd, &second, &err), KB_E_BUSY);
	kb_lock_drop(&first);
	assert_int_equal(first, -1);
	assert_int_equal(kb_lock_take(rootfd, &second, &err), 0);
}
