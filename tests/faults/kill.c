/* H1 and H2: SIGKILL at the entry of the N-th system call of an install, then the
 * same command again. Whatever N was, the host must end as it does undisturbed.
 * For pairs the second run is killed as well.
 *
 *	kill BUNDLES PROGRAM SYSTEMCTL POINTS PAIRS
 *
 * POINTS and PAIRS are for each scenario and evenly spread; 0 is all points, and
 * as many pairs.
 */
#include <stdio.h>
#include <sys/syscall.h>

#include "tests/faults/sweep.h"

static long at_of(long i, long points, long calls)
{
	return 1 + i * calls / points;
}

static void judge(const struct work *w, const struct sweep *s, const char *what)
{
	count(sweep_resumes(s, what) ? &w->counts->passed : &w->counts->failed);
}

/* False when it was over before; then it must be whole. */
static bool kill_at(const struct work *w, const struct sweep *s, long at)
{
	struct trace t = {.strike = STRIKE_KILL, .at = at};
	struct trace_result result;

	sweep_run(s, &t, &result);
	if (result.struck)
		return true;
	count(&w->counts->undisturbed);
	return false;
}

static void one_point(const struct work *w, const struct sweep *s, long at)
{
	kb_autofree char *what = kb_format("H1 %s killed at call %ld", s->scenario->name, at);

	sweep_begin(s);
	kill_at(w, s, at);
	judge(w, s, what);
}

/* The resume has less to do the later the first kill came, so its own kill is
 * placed by a walk that is not in step with the first. */
static void one_pair(const struct work *w, const struct sweep *s, long i, long pairs)
{
	long first = at_of(i, pairs, s->calls), second = at_of(i * 389 % pairs, pairs, s->calls);
	kb_autofree char *what = kb_format("H2 %s killed at call %ld, its resume at call %ld",
					   s->scenario->name, first, second);

	sweep_begin(s);
	kill_at(w, s, first);
	kill_at(w, s, second);
	judge(w, s, what);
}

static void work(const struct work *w, struct sweep *s)
{
	long points = w->o->points ? w->o->points : s->calls;
	long pairs = w->o->pairs ? w->o->pairs : s->calls;

	if (w->worker == 0)
		printf("%s: %ld calls undisturbed, %ld points, %ld pairs\n", s->scenario->name,
		       s->calls, points, pairs);
	for (long i = w->worker; i < points; i += w->o->jobs)
		if (!w->o->only || at_of(i, points, s->calls) == w->o->only)
			one_point(w, s, at_of(i, points, s->calls));
	for (long i = w->worker; i < pairs && !w->o->only; i += w->o->jobs)
		one_pair(w, s, i, pairs);
}

int main(int argc, char **argv)
{
	struct options o;

	sweep_options(argc, argv, &o);
	sweep_all(&o, work);
}
