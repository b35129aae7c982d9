/* H8: the power goes at the N-th system call. The host lies on an ext4 file
 * system in an image; at the call the program is killed and the image is copied
 * as the device then was: what was flushed is in it, what was still in memory is
 * not. The copy is mounted, which replays its journal, on a host whose /run is
 * empty; the same command must end there as it does undisturbed.
 *
 *	powercut BUNDLES PROGRAM SYSTEMCTL POINTS 0
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/faults/fail.h"
#include "tests/faults/sweep.h"

/* The disk of one worker. */
struct disk {
	char *base, *image, *after; /* before the scenario; in use; after the cut */
	char *at;                   /* where it is mounted */
};

static void shell(const char *fmt, ...) KB_PRINTF(1, 2);

static void shell(const char *fmt, ...)
{
	char *command = NULL;
	va_list ap;
	int status;

	va_start(ap, fmt);
	if (vasprintf(&command, fmt, ap) < 0)
		fail("no memory");
	va_end(ap);
	status = system(command);
	if (status != 0)
		fail("%s: status %#x", command, status);
	free(command);
}

/* What may be written to lies on the disk; /run never does. */
static void attach(const struct sweep *s, const struct disk *d, const char *image)
{
	static const char *const own[] = {"etc", "opt", "var"};

	shell("mount -o loop,commit=1000 %s %s", image, d->at);
	for (size_t i = 0; i < 3; i++)
		shell("mount --bind %s/%s %s/%s", d->at, own[i], s->world.root, own[i]);
}

static void detach(const struct sweep *s, const struct disk *d)
{
	shell("umount %s/etc %s/opt %s/var %s", s->world.root, s->world.root, s->world.root, d->at);
}

static void empty_run(const struct sweep *s)
{
	shell("rm -rf %s/run && mkdir -p -m 755 %s/run/systemd/system", s->world.root,
	      s->world.root);
}

static void make_disk(const struct sweep *s, struct disk *d)
{
	d->base = kb_format("%s/base.img", s->folder);
	d->image = kb_format("%s/image", s->folder);
	d->after = kb_format("%s/after", s->folder);
	d->at = kb_format("%s/disk", s->folder);
	sweep_begin(s);
	shell("truncate -s 64M %s && mkfs.ext4 -q -J size=4 -E lazy_itable_init=0 %s && mkdir %s",
	      d->base, d->base, d->at);
	shell("mount -o loop %s %s && cp -a %s/etc %s/opt %s/var %s/ && umount %s", d->base, d->at,
	      s->world.root, s->world.root, s->world.root, d->at, d->at);
}

static void one_cut(const struct work *w, const struct sweep *s, const struct disk *d, long at)
{
	kb_autofree char *what =
		kb_format("H8 %s without power at call %ld", s->scenario->name, at);
	struct trace t = {.strike = STRIKE_KILL, .at = at}, plain = {.strike = STRIKE_NONE};
	struct trace_result result;

	shell("cp --sparse=always %s %s", d->base, d->image);
	shell("rm -rf %s/run && cp -a %s/run %s/", s->world.root, s->start, s->world.root);
	attach(s, d, d->image);
	sweep_run(s, &t, &result);
	if (!result.struck)
		count(&w->counts->undisturbed);
	if (!result.struck && result.status != s->scenario->status)
		fail("%s: exit %d", what, result.status);
	shell("cp --sparse=always %s %s", d->image, d->after);
	detach(s, d);
	empty_run(s);
	attach(s, d, d->after);
	sweep_run(s, &plain, &result);
	if (result.status != s->scenario->status) {
		printf("FAILED: %s: the next run ends with exit %d, signal %d\n", what,
		       result.status, result.signal);
		sweep_print_output(s);
		count(&w->counts->failed);
	} else {
		count(sweep_check(s, what) ? &w->counts->passed : &w->counts->failed);
	}
	detach(s, d);
}

static void work(const struct work *w, struct sweep *s)
{
	long points = w->o->points ? w->o->points : s->calls;
	struct disk d;

	/* after an uninstall nothing starts a service that the power stopped */
	if (strcmp(s->scenario->name, "install") != 0 && strcmp(s->scenario->name, "upgrade") != 0)
		return;
	make_disk(s, &d);
	for (long i = w->worker; i < points; i += w->o->jobs)
		one_cut(w, s, &d, 1 + i * s->calls / points);
	free(d.base);
	free(d.image);
	free(d.after);
	free(d.at);
}

int main(int argc, char **argv)
{
	struct options o;

	sweep_options(argc, argv, &o);
	sweep_all(&o, work);
}
