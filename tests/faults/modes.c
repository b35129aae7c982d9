/* K4: at no instant can anybody but root read what an install writes a secret to.
 * Before each of its system calls every file of the host that holds the secret is
 * looked at: its mode and its owner, and those of the folders on the way to it.
 *
 *	modes BUNDLES PROGRAM SYSTEMCTL 0 0
 */
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "tests/faults/fail.h"
#include "tests/faults/sweep.h"

/* What world_reset() puts into the credentials. */
#define SECRET "a-secret-of-this-test"

struct look {
	const struct world *world;
	long holders; /* files that held it, over all looks */
	long open;    /* of them, those that others could read */
};

static bool holds_it(const char *path, off_t size)
{
	kb_autobuf struct kb_buf bytes = KB_BUF_INIT;

	if (size == 0 || size > 1 << 20)
		return false;
	kb_buf_reserve(&bytes, 0);
	/* it may go between the walk and this */
	return kb_file_read(path, 1 << 20, &bytes, NULL) == 0 &&
	       memmem(bytes.data, bytes.len, SECRET, sizeof(SECRET) - 1) != NULL;
}

/* Is there a folder above that lets nobody else in? */
static bool is_shut_in(const FTSENT *e)
{
	for (const FTSENT *up = e->fts_parent; up && up->fts_level >= 0; up = up->fts_parent)
		if (up->fts_statp && up->fts_level > 0 && !(up->fts_statp->st_mode & 0011))
			return true;
	return false;
}

static void judge(struct look *l, const FTSENT *e, long n)
{
	const struct stat *st = e->fts_statp;

	if (e->fts_info != FTS_F || !holds_it(e->fts_accpath, st->st_size))
		return;
	l->holders++;
	if (st->st_uid == 0 && (!(st->st_mode & 0077) || is_shut_in(e)))
		return;
	l->open++;
	printf("FAILED: before call %ld: %s has mode %04o, owner %u\n", n,
	       e->fts_path + strlen(l->world->root), st->st_mode & 07777, st->st_uid);
}

static void look(void *ctx, long n, long call, const unsigned long args[6])
{
	struct look *l = ctx;
	kb_autofree char *opt = kb_format("%s/opt/keybuzz", l->world->root);
	kb_autofree char *run = kb_format("%s/run", l->world->root);
	kb_autofree char *var = kb_format("%s/var", l->world->root);
	char *paths[] = {opt, run, var, NULL};
	FTS *fts = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	FTSENT *e;

	(void)call;
	(void)args;
	if (!fts)
		fail("walk %s", l->world->root);
	while ((e = fts_read(fts)))
		judge(l, e, n);
	fts_close(fts);
}

static void work(const struct work *w, struct sweep *s)
{
	struct look l = {.world = &s->world};
	struct trace t = {.counted = true, .seen = look, .ctx = &l};
	struct trace_result result;

	if (w->worker != 0)
		return;
	sweep_begin(s);
	sweep_run(s, &t, &result);
	printf("K4 %s: %ld looks, %ld files with the secret, %ld of them open to others\n",
	       s->scenario->name, result.calls, l.holders, l.open);
	/* looks that found none would show nothing */
	count(l.open == 0 && l.holders > 100 && result.status == s->scenario->status
		      ? &w->counts->passed
		      : &w->counts->failed);
}

int main(int argc, char **argv)
{
	struct options o;

	sweep_options(argc, argv, &o);
	sweep_all(&o, work);
}
