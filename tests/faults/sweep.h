/* What the sweeps share: the scenarios, what each ends with when nothing
 * disturbs it, and work on many worlds at once.
 */
#ifndef TESTS_FAULTS_SWEEP_H
#define TESTS_FAULTS_SWEEP_H

#include "tests/faults/trace.h"
#include "tests/faults/world.h"

struct scenario {
	const char *name;
	const char *argv[8]; /* inside the world */
	int status;          /* it ends with */
	/* what is run before, undisturbed, up to an entry without argv[0] */
	const char *before[2][8];
};

extern const struct scenario scenarios[];
extern const size_t n_scenarios;

/* A scenario in a world, ready to be disturbed. */
struct sweep {
	const struct scenario *scenario;
	struct world world;
	char *folder;        /* of this worker: world, saved world, output */
	char *start;         /* saved: before */
	char *output;        /* file that holds what the last run printed */
	char *before;        /* the list before it.. */
	char *before_status; /* ..and what `status` says then */
	char *wanted;        /* both after an undisturbed run */
	char *status;
	long calls; /* it took */
};

struct options {
	const char *bundles, *program, *systemctl;
	long points, pairs; /* 0: all */
	long only;          /* this call and no other; 0: no such wish */
	long jobs;
};

/* From the words of the command line: BUNDLES PROGRAM SYSTEMCTL POINTS PAIRS
 * [ONLY]. */
void sweep_options(int argc, char **argv, struct options *ret_options);

/* FOLDER must not exist. SEEN as in trace.h, for the undisturbed run. */
void sweep_open(struct sweep *s, const struct options *o, const struct scenario *scenario,
		const char *folder, const struct trace *undisturbed);
void sweep_close(struct sweep *s);

/* Put the host back to where the scenario begins. */
void sweep_begin(const struct sweep *s);
/* Run the scenario's command, disturbed as T says. */
void sweep_run(const struct sweep *s, const struct trace *t, struct trace_result *ret_result);
/* Is the host what it is after an undisturbed run? Prints what differs, under WHAT. */
bool sweep_check(const struct sweep *s, const char *what);
/* Run the command again, undisturbed: does it end, and leave the host, as it does
 * when nothing has happened before? Prints what differs, under WHAT. */
bool sweep_resumes(const struct sweep *s, const char *what);
/* As sweep_check, without a word. */
bool sweep_is_same(const struct sweep *s);
/* The list of the host as it is, and what `status` says. Caller frees. */
char *sweep_list(const struct sweep *s);
char *sweep_status(const struct sweep *s);
/* How often an undisturbed run allocates memory, by the test build's count. */
long sweep_allocations(const struct sweep *s);
/* What the last run printed, for people. */
void sweep_print_output(const struct sweep *s);

/* Counted over all workers. */
struct counts {
	long passed, failed, undisturbed;
	long by_code[128]; /* ended with exit status */
};

/* Run WORK for each scenario in o->jobs processes, worker W of them; ends the
 * process with the sum printed: 0 when nothing failed. */
struct work {
	const struct options *o;
	long worker;
	struct counts *counts; /* shared: add atomically */
};
void sweep_all(const struct options *o, void (*work)(const struct work *w, struct sweep *s));
void count(long *counter);

#endif
