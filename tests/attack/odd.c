/* Start a program as no shell would.
 *
 *	odd HOW .. -- PROGRAM [WORD ..]
 *
 *	root=DIR        in there
 *	big-env         10 000 variables, one twice, some without '='
 *	no-argv         argc is 0
 *	words=N         N more words, each of 128 KiB when N is below 5
 *	blocked         every signal blocked, SIGCHLD, SIGTERM and SIGPIPE ignored
 *	fds=N           N more open descriptors that are passed on
 *	closed=012      these closed
 *	child           with a child of its own that is already dead
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/mem.h"
#include "tests/faults/fail.h"

extern char **environ;

static char **argv_for_it;
static size_t n_argv;

static void big_env(void)
{
	enum { N = 10000 };
	char **env = kb_alloc(N + 6, sizeof(*env));
	static char *odd[] = {"TERM=first", "TERM=second", "without", "=nameless", "", NULL};

	for (size_t i = 0; i < N; i++)
		env[i] = kb_format("VARIABLE_%zu=%0150d", i, 7);
	memcpy(env + N, odd, sizeof(odd));
	environ = env;
}

static void block_all(void)
{
	static const int ignored[] = {SIGCHLD, SIGTERM, SIGPIPE};
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
}

static void open_many(const char *n)
{
	for (long i = strtol(n, NULL, 10); i > 0; i--)
		if (open("/dev/null", O_RDONLY) < 0) /* NOLINT: to be inherited */
			fail("descriptor %ld", i);
}

static void close_some(const char *which)
{
	for (; *which; which++)
		close(*which - '0');
}

static void add_words(const char *text)
{
	long n = strtol(text, NULL, 10);
	size_t len = n < 5 ? (128 << 10) - 100 : 8; /* the kernel's most for one word */
	char **more = kb_alloc(n_argv + (size_t)n + 1, sizeof(*more));

	memcpy(more, argv_for_it, n_argv * sizeof(*more));
	for (long i = 0; i < n; i++) {
		char *word = kb_alloc(len + 1, 1);

		memset(word, 'x', len);
		more[n_argv++] = word;
	}
	more[n_argv] = NULL;
	argv_for_it = more;
}

static void make_zombie(void)
{
	pid_t pid = fork();

	if (pid < 0)
		fail("fork");
	if (pid == 0)
		_exit(0);
}

static void apply(const char *how, const char *value)
{
	static char *none[] = {NULL};

	if (strcmp(how, "root") == 0 && (chroot(value) < 0 || chdir("/") < 0))
		fail("go to %s", value);
	else if (strcmp(how, "big-env") == 0)
		big_env();
	else if (strcmp(how, "no-argv") == 0)
		argv_for_it = none;
	else if (strcmp(how, "words") == 0)
		add_words(value);
	else if (strcmp(how, "blocked") == 0)
		block_all();
	else if (strcmp(how, "fds") == 0)
		open_many(value);
	else if (strcmp(how, "closed") == 0)
		close_some(value);
	else if (strcmp(how, "child") == 0)
		make_zombie();
}

int main(int argc, char **argv)
{
	int words = 1;
	const char *program;

	while (words < argc && strcmp(argv[words], "--") != 0)
		words++;
	if (words + 1 >= argc) {
		fprintf(stderr, "usage: %s HOW .. -- PROGRAM [WORD ..]\n", argv[0]);
		return 2;
	}
	program = argv[words + 1];
	argv_for_it = argv + words + 1;
	n_argv = (size_t)(argc - words - 1);
	for (int i = 1; i < words; i++) {
		char *value = strchr(argv[i], '=');

		if (value)
			*value++ = '\0';
		apply(argv[i], value ? value : "");
	}
	execve(program, argv_for_it, environ);
	fail("run %s", program);
}
