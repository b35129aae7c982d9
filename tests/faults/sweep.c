#include "tests/faults/sweep.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/file.h"
#include "tests/faults/fail.h"

#define FIRST  "/bundles/release-1/keybuzz-mini.run"
#define SECOND "/bundles/release-2/keybuzz-mini.run"
#define FAILS  "/bundles/release-3/keybuzz-mini.run"
#define INSTALL(bundle)                                                                 \
	{                                                                               \
		"/keybuzz-run", "install", bundle, "--host", "mini-01", "--quiet", NULL \
	}

const struct scenario scenarios[] = {
	{.name = "install", .argv = INSTALL(FIRST)},
	{.name = "upgrade", .argv = INSTALL(SECOND), .before = {INSTALL(FIRST)}},
	{.name = "failing upgrade",
	 .argv = INSTALL(FAILS),
	 .status = 60,
	 .before = {INSTALL(FIRST)}},
	{.name = "uninstall",
	 .argv = {"/keybuzz-run", "uninstall", "mini", NULL},
	 .before = {INSTALL(FIRST), INSTALL(SECOND)}},
};
const size_t n_scenarios = sizeof(scenarios) / sizeof(scenarios[0]);

static long number(const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (*end || n < 0) {
		fprintf(stderr, "not a number: %s\n", text);
		exit(2);
	}
	return n;
}

void sweep_options(int argc, char **argv, struct options *ret_options)
{
	if (argc != 6 && argc != 7) {
		fprintf(stderr, "usage: %s BUNDLES PROGRAM SYSTEMCTL POINTS PAIRS [ONLY]\n",
			argv[0]);
		exit(2);
	}
	*ret_options = (struct options){.bundles = argv[1],
					.program = argv[2],
					.systemctl = argv[3],
					.points = number(argv[4]),
					.pairs = number(argv[5]),
					.only = argc == 7 ? number(argv[6]) : 0,
					.jobs = sysconf(_SC_NPROCESSORS_ONLN)};
}

/* Nothing of a run's own: the scenario's command, in the world. */
static void run(const struct sweep *s, const char *const *argv, const struct trace *t,
		struct trace_result *ret_result)
{
	struct trace all = *t;

	all.root = s->world.root;
	all.argv = argv;
	all.output = s->output;
	trace_run(&all, ret_result);
}

void sweep_run(const struct sweep *s, const struct trace *t, struct trace_result *ret_result)
{
	run(s, s->scenario->argv, t, ret_result);
}

void sweep_print_output(const struct sweep *s)
{
	kb_autobuf struct kb_buf text = KB_BUF_INIT;

	kb_buf_reserve(&text, 0);
	if (kb_file_read(s->output, 1 << 20, &text, NULL) == 0)
		printf("    | %s\n", text.data);
	fflush(stdout);
}

static void must_end(const struct sweep *s, const char *const *argv, int status,
		     const struct trace *t, struct trace_result *result)
{
	run(s, argv, t, result);
	if (result->status == status)
		return;
	printf("%s, undisturbed: exit %d, signal %d\n", argv[1], result->status, result->signal);
	sweep_print_output(s);
	exit(1);
}

/* `status` without the time it names. */
char *sweep_status(const struct sweep *s)
{
	static const char *const argv[] = {"/keybuzz-run", "status", NULL};
	kb_autobuf struct kb_buf text = KB_BUF_INIT;
	struct trace plain = {.strike = STRIKE_NONE};
	struct trace_result result;
	char *since;

	run(s, argv, &plain, &result);
	kb_buf_reserve(&text, 0);
	if (kb_file_read(s->output, 1 << 20, &text, NULL) < 0)
		fail("read %s", s->output);
	since = strstr(text.data, " since ");
	if (since)
		memmove(since, strchrnul(since, '\n'), strlen(strchrnul(since, '\n')) + 1);
	return kb_format("exit %d\n%s", result.status, text.data);
}

char *sweep_list(const struct sweep *s)
{
	struct kb_buf out = KB_BUF_INIT;

	world_list(&s->world, &out);
	return kb_buf_steal(&out);
}

void sweep_open(struct sweep *s, const struct options *o, const struct scenario *scenario,
		const char *folder, const struct trace *undisturbed)
{
	static const struct trace plain = {.strike = STRIKE_NONE};
	static const struct trace counted = {.counted = true};
	struct trace_result result;

	memset(s, 0, sizeof(*s));
	s->scenario = scenario;
	s->folder = kb_strdup(folder);
	s->start = kb_format("%s/start", folder);
	s->output = kb_format("%s/output", folder);
	world_make(&s->world, folder, o->bundles, o->systemctl, o->program);
	world_reset(&s->world);
	for (size_t i = 0; i < 2 && scenario->before[i][0]; i++)
		must_end(s, scenario->before[i], 0, &plain, &result);
	world_save(&s->world, s->start);
	s->before = sweep_list(s);
	s->before_status = sweep_status(s);
	must_end(s, scenario->argv, scenario->status, undisturbed ? undisturbed : &counted,
		 &result);
	s->calls = result.calls;
	s->wanted = sweep_list(s);
	s->status = sweep_status(s);
}

void sweep_close(struct sweep *s)
{
	umount2(s->folder, MNT_DETACH);
	rmdir(s->folder);
	world_free(&s->world);
	free(s->folder);
	free(s->start);
	free(s->output);
	free(s->before);
	free(s->before_status);
	free(s->wanted);
	free(s->status);
}

void sweep_begin(const struct sweep *s)
{
	world_restore(&s->world, s->start);
}

long sweep_allocations(const struct sweep *s)
{
	const struct trace counting = {.allocation = LONG_MAX};
	kb_autofree char *path = kb_format("%s" TRACE_ALLOCATIONS, s->world.root);
	kb_autobuf struct kb_buf text = KB_BUF_INIT;
	struct trace_result result;

	sweep_begin(s);
	must_end(s, s->scenario->argv, s->scenario->status, &counting, &result);
	if (kb_file_read(path, 64, &text, NULL) < 0)
		fail("%s: PROGRAM is not the build that counts", path);
	unlink(path);
	return number(text.data);
}

bool sweep_is_same(const struct sweep *s)
{
	kb_autofree char *found = sweep_list(s);

	return strcmp(found, s->wanted) == 0;
}

bool sweep_check(const struct sweep *s, const char *what)
{
	static unsigned long checked;
	kb_autofree char *found = sweep_list(s), *status = NULL;

	if (strcmp(found, s->wanted) != 0) {
		printf("FAILED: %s: the host differs\n", what);
		world_print_difference(s->wanted, found);
		fflush(stdout);
		return false;
	}
	/* it only reads the record, which is in the list: now and then will do */
	if (checked++ % 8 != 0)
		return true;
	status = sweep_status(s);
	if (strcmp(status, s->status) == 0)
		return true;
	printf("FAILED: %s: status says\n%s\nwanted\n%s\n", what, status, s->status);
	fflush(stdout);
	return false;
}

bool sweep_resumes(const struct sweep *s, const char *what)
{
	struct trace plain = {.strike = STRIKE_NONE};
	struct trace_result result;

	sweep_run(s, &plain, &result);
	if (result.status == s->scenario->status)
		return sweep_check(s, what);
	printf("FAILED: %s: the next run ends with exit %d, signal %d\n", what, result.status,
	       result.signal);
	sweep_print_output(s);
	return false;
}

void count(long *counter)
{
	__atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
}

/* A stop of a traced program is cheap while its tracer is on the same processor. */
static void stay_on(long processor)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)processor, &set);
	if (sched_setaffinity(0, sizeof(set), &set) < 0)
		fail("stay on processor %ld", processor);
}

static void run_worker(const struct work *w, const char *base,
		       void (*work)(const struct work *w, struct sweep *s))
{
	stay_on(w->worker);
	for (size_t i = 0; i < n_scenarios; i++) {
		kb_autofree char *folder = kb_format("%s/%ld-%zu", base, w->worker, i);
		struct sweep s;

		sweep_open(&s, w->o, &scenarios[i], folder, NULL);
		work(w, &s);
		sweep_close(&s);
	}
	fflush(stdout);
	_exit(0);
}

static void start_worker(const struct work *w, const char *base,
			 void (*work)(const struct work *w, struct sweep *s))
{
	pid_t pid = fork();

	if (pid < 0)
		fail("fork");
	if (pid == 0)
		run_worker(w, base, work);
}

void sweep_all(const struct options *o, void (*work)(const struct work *w, struct sweep *s))
{
	struct counts *counts = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char base[] = "/tmp/keybuzz-faults.XXXXXX";
	int status;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (counts == MAP_FAILED || !mkdtemp(base))
		fail("a folder for the worlds");
	for (long i = 0; i < o->jobs; i++)
		start_worker(&(struct work){.o = o, .worker = i, .counts = counts}, base, work);
	while (wait(&status) > 0 || errno == EINTR)
		if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
			printf("FAILED: a worker ended with status %#x\n", status);
			counts->failed++;
		}
	rmdir(base);
	for (int i = 0; i < 128; i++)
		if (counts->by_code[i])
			printf("exit %d: %ld times\n", i, counts->by_code[i]);
	printf("%ld of them were over before they were struck\n", counts->undisturbed);
	printf("%ld passed, %ld failed\n", counts->passed, counts->failed);
	exit(counts->failed || !counts->passed);
}
