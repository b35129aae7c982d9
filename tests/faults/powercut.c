/* H8, H9, H10: the power goes, at any write to the disk, and of what was not
 * flushed then any part is on it. The host lies on a disk that writes down what
 * it is given. A run is recorded once; then, state by state, the disk is made as
 * it could be found, mounted on a host whose /run is empty, and asked:
 *
 * - `status` says that the run was done: is everything in its place?
 * - `status` says what it said before: is what stood there before still whole?
 * - the same command again: does it end as it does undisturbed?
 *
 *	powercut BUNDLES PROGRAM SYSTEMCTL STATES 0 [STATE]
 *
 * KEYBUZZ_CUT_FS names the file system, ext4 unless it is set.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/mem.h"
#include "tests/faults/disk.h"
#include "tests/faults/fail.h"
#include "tests/faults/sweep.h"

/* What one worker has of a scenario. */
struct recording {
	struct disk_log log;
	size_t begin; /* the event with which the run begins */
	char *base, *state, *at, *served;
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

static void make_file_system(const char *image)
{
	const char *kind = getenv("KEYBUZZ_CUT_FS");

	if (!kind || strcmp(kind, "ext4") == 0)
		shell("truncate -s 64M %s && mkfs.ext4 -q -J size=4 -E lazy_itable_init=0 %s",
		      image, image);
	else
		shell("truncate -s 320M %s && mkfs.%s -q %s", image, kind, image);
}

/* What may be written to lies on the disk; /run never does. */
static void attach(const struct sweep *s, const struct recording *r, const char *image)
{
	static const char *const own[] = {"etc", "opt", "var"};

	shell("mount -o loop %s %s", image, r->at);
	for (size_t i = 0; i < 3; i++)
		shell("mount --bind %s/%s %s/%s", r->at, own[i], s->world.root, own[i]);
}

static void detach(const struct sweep *s, const struct recording *r)
{
	shell("umount %s/etc %s/opt %s/var %s", s->world.root, s->world.root, s->world.root, r->at);
}

static void make_base(const struct sweep *s, struct recording *r)
{
	r->base = kb_format("%s/base", s->folder);
	r->state = kb_format("%s/state", s->folder);
	r->at = kb_format("%s/disk", s->folder);
	r->served = kb_format("%s/served", s->folder);
	sweep_begin(s);
	make_file_system(r->base);
	shell("mkdir %s %s && mount -o loop %s %s", r->at, r->served, r->base, r->at);
	shell("cp -a %s/etc %s/opt %s/var %s/ && umount %s", s->world.root, s->world.root,
	      s->world.root, r->at, r->at);
}

/* Writes that nobody asked to be flushed reach the disk whenever the kernel
 * likes; here it likes it all the time. */
static pid_t start_eager(const char *at)
{
	pid_t pid = fork();
	int fd;

	if (pid != 0)
		return pid;
	fd = open(at, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	while (fd >= 0 && getppid() != 1 && syncfs(fd) == 0)
		nanosleep(&(struct timespec){0, 500000}, NULL);
	_exit(1);
}

/* The undisturbed run, written down. */
static void record(const struct sweep *s, struct recording *r, bool eager)
{
	struct trace plain = {.strike = STRIKE_NONE};
	struct trace_result result;
	struct disk disk;
	size_t begin;
	pid_t pid = 0;

	disk_open(&disk, r->served, r->base);
	attach(s, r, disk.file);
	begin = disk_position(&disk);
	trace_spare(0, disk.server);
	if (eager)
		trace_spare(1, pid = start_eager(r->at));
	sweep_run(s, &plain, &result);
	if (pid && (kill(pid, SIGKILL) < 0 || waitpid(pid, NULL, 0) < 0))
		fail("end what flushes");
	trace_spare(1, 0);
	disk_log_read(&disk, begin, &r->log);
	r->begin = r->log.n;
	disk_log_free(&r->log);
	disk_log_read(&disk, disk_position(&disk), &r->log);
	if (result.status != s->scenario->status)
		fail("%s, recorded: exit %d", s->scenario->name, result.status);
	detach(s, r);
	disk_close(&disk);
	trace_spare(0, 0);
	shell("rm -rf %s/*", r->served);
}

/* Without what is in /run, which a power cut empties, and without our records,
 * which are ahead of the host or behind it: what counts is what they say of it. */
static char *lasting(const char *list)
{
	struct kb_buf out = KB_BUF_INIT;

	kb_buf_reserve(&out, 0);
	for (const char *p = list; *p; p += strcspn(p, "\n"), p += *p != '\0')
		if (strncmp(p, "/run", 4) != 0 && strncmp(p, "/var/lib/keybuzz", 16) != 0 &&
		    *p != ' ')
			kb_buf_printf(&out, "%.*s\n", (int)strcspn(p, "\n"), p);
	return kb_buf_steal(&out);
}

/* Does FOUND have every line of WANTED, and no other if EXACT? */
static bool holds(const char *wanted, const char *found, bool exact, const char *what)
{
	kb_autofree char *a = lasting(wanted), *b = lasting(found);
	bool good = exact ? strcmp(a, b) == 0 : world_has_all(a, b);

	if (!good) {
		printf("FAILED: %s\n", what);
		world_print_difference(a, b);
	}
	return good;
}

/* What `status` says is true. */
static bool says_the_truth(const struct sweep *s, const char *what)
{
	kb_autofree char *status = sweep_status(s), *found = sweep_list(s), *text = NULL;

	if (strcmp(status, s->status) == 0) {
		text = kb_format("%s: said to be done", what);
		return holds(s->wanted, found, true, text);
	}
	if (strcmp(status, s->before_status) == 0) {
		text = kb_format("%s: said to be as before", what);
		return holds(s->before, found, false, text);
	}
	return true;
}

static void empty_run(const struct sweep *s)
{
	shell("rm -rf %s/run && mkdir -p -m 755 %s/run/systemd/system", s->world.root,
	      s->world.root);
}

static void one_state(const struct work *w, const struct sweep *s, const struct recording *r,
		      long state, const char *how)
{
	static const char *const names[N_DISK_PARTS] = {"all", "all but one", "some", "some, torn"};
	long states = w->o->points;
	size_t n = r->log.n - r->begin, cut = r->begin + (size_t)((state + 1) * (long)n / states);
	enum disk_part part = (enum disk_part)(state % N_DISK_PARTS);
	kb_autofree char *what =
		kb_format("H%d %s, %s: state %ld: %s of what was not flushed at write %zu of %zu",
			  part == DISK_ALL ? 8 : 9, s->scenario->name, how, state, names[part], cut,
			  r->log.n);
	bool good;

	shell("cp %s %s", r->base, r->state);
	disk_replay(&r->log, r->state, cut, part, (uint64_t)state);
	empty_run(s);
	attach(s, r, r->state);
	good = says_the_truth(s, what) && sweep_resumes(s, what);
	count(good ? &w->counts->passed : &w->counts->failed);
	fflush(stdout);
	detach(s, r);
}

static void work(const struct work *w, struct sweep *s)
{
	struct recording r = {.begin = 0};

	/* after an uninstall nothing starts a service that the power stopped */
	if (strcmp(s->scenario->name, "install") != 0 && strcmp(s->scenario->name, "upgrade") != 0)
		return;
	make_base(s, &r);
	for (int eager = 0; eager < 2; eager++) {
		record(s, &r, eager);
		for (long i = 0; i < w->o->points; i++)
			if (w->o->only ? i == w->o->only : i % w->o->jobs == w->worker)
				one_state(w, s, &r, i, eager ? "written soon" : "written late");
		disk_log_free(&r.log);
	}
	free(r.base);
	free(r.state);
	free(r.at);
	free(r.served);
}

int main(int argc, char **argv)
{
	struct options o;

	sweep_options(argc, argv, &o);
	sweep_all(&o, work);
}
