/* J1: a signal at the N-th system call of an install, an upgrade, a failing upgrade
 * or an uninstall. The run stops at a safe point with 70, or ends as if nothing
 * was; what it never does is die. Then the same command makes the host what it is
 * after an undisturbed run.
 *
 *	signals BUNDLES PROGRAM SYSTEMCTL POINTS 0
 *
 * POINTS are for each scenario and evenly spread, the signals in turn; 0 is all
 * points.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "tests/faults/sweep.h"

static const int stops[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGALRM, SIGUSR1, SIGUSR2};
static const int others[] = {SIGPIPE, SIGWINCH, SIGCHLD, SIGCONT, SIGURG};
#define N_STOPS  ((long)(sizeof(stops) / sizeof(stops[0])))
#define N_OTHERS ((long)(sizeof(others) / sizeof(others[0])))

static void fails(const struct work *w, const struct sweep *s, const char *what,
		  const struct trace_result *result)
{
	printf("FAILED: %s: exit %d, signal %d\n", what, result->status, result->signal);
	sweep_print_output(s);
	count(&w->counts->failed);
}

/* The same command, undisturbed. */
static void judge(const struct work *w, const struct sweep *s, const char *what)
{
	struct trace plain = {.strike = STRIKE_NONE};
	struct trace_result result;

	sweep_run(s, &plain, &result);
	if (result.status != s->scenario->status)
		fails(w, s, what, &result);
	else
		count(sweep_check(s, what) ? &w->counts->passed : &w->counts->failed);
}

static char *list(const struct sweep *s)
{
	struct kb_buf out = KB_BUF_INIT;

	world_list(&s->world, &out);
	return kb_buf_steal(&out);
}

/* Until its handlers are there a run dies of a signal, and has done nothing. */
static bool is_fitting(const struct sweep *s, const struct trace_result *result, int sig, long at,
		       const char *before)
{
	enum { SET_UP = 100 };
	kb_autofree char *after = NULL;

	if (!result->signal)
		return result->status == 70 || result->status == s->scenario->status;
	after = list(s);
	return result->signal == sig && at < SET_UP && strcmp(before, after) == 0;
}

static void one_point(const struct work *w, const struct sweep *s, long at, int sig)
{
	kb_autofree char *what =
		kb_format("J1 %s, SIG%s at call %ld", s->scenario->name, sigabbrev_np(sig), at);
	struct trace t = {.strike = STRIKE_SIGNAL, .at = at, .error = sig};
	struct trace_result result;
	kb_autofree char *before = NULL;

	sweep_begin(s);
	before = list(s);
	sweep_run(s, &t, &result);
	if (!result.struck)
		count(&w->counts->undisturbed);
	if (!is_fitting(s, &result, sig, at, before)) {
		fails(w, s, what, &result);
		return;
	}
	if (result.status >= 0)
		count(&w->counts->by_code[result.status]);
	judge(w, s, what);
}

static void work(const struct work *w, struct sweep *s)
{
	long points = w->o->points ? w->o->points : s->calls;

	for (long i = w->worker; i < points; i += w->o->jobs) {
		long at = 1 + i * s->calls / points;
		/* one in eight is a signal that means nothing to us */
		int sig = i % 8 == 7 ? others[i / 8 % N_OTHERS] : stops[i % N_STOPS];

		if (!w->o->only || w->o->only == at)
			one_point(w, s, at, sig);
	}
}

int main(int argc, char **argv)
{
	struct options o;

	sweep_options(argc, argv, &o);
	sweep_all(&o, work);
}
