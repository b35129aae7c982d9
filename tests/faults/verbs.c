/* What the verbs that undo and audit promise, on a host in a folder: files that
 * stood there before come back, what somebody changed is kept, data and
 * credentials stay, a failed upgrade leaves the release before running, and no
 * way leads back to an older release.
 *
 *	verbs BUNDLES PROGRAM SYSTEMCTL
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "tests/faults/fail.h"
#include "tests/faults/trace.h"
#include "tests/faults/world.h"

#define FIRST  "/bundles/release-1/keybuzz-mini.run"
#define SECOND "/bundles/release-2/keybuzz-mini.run"
#define FAILS  "/bundles/release-3/keybuzz-mini.run"
#define MINI   "/opt/keybuzz/mini"

static struct world world;
static char *output;
static int passed, failed;

static void ok(bool good, const char *what)
{
	printf("%s: %s\n", good ? "ok" : "FAILED", what);
	*(good ? &passed : &failed) += 1;
}

static char *said(void)
{
	struct kb_buf text = KB_BUF_INIT;

	kb_buf_reserve(&text, 0);
	if (kb_file_read(output, 1 << 20, &text, NULL) < 0)
		fail("read %s", output);
	return kb_buf_steal(&text);
}

/* Run it, up to seven words; its exit status. */
static int run(const char *const words[7])
{
	const char *argv[9] = {"/keybuzz-run"};
	struct trace t = {.root = world.root, .argv = argv, .output = output};
	struct trace_result result;

	for (int i = 0; i < 7 && words[i]; i++)
		argv[i + 1] = words[i];
	trace_run(&t, &result);
	return result.status;
}

#define RUN(...) run((const char *const[7]){__VA_ARGS__})

static int install(const char *bundle)
{
	return RUN("install", bundle, "--host", "mini-01", "--quiet");
}

static void ends(int status, int wanted, const char *what)
{
	ok(status == wanted, what);
	if (status != wanted) {
		kb_autofree char *text = said();

		printf("    exit %d, wanted %d\n    | %s\n", status, wanted, text);
	}
}

static void says(const char *word, const char *what)
{
	kb_autofree char *text = said();

	ok(strstr(text, word) != NULL, what);
	if (!strstr(text, word))
		printf("    | %s\n", text);
}

static char *at(const char *path)
{
	return kb_format("%s%s", world.root, path);
}

static void put(const char *path, const char *text, mode_t mode, uid_t uid)
{
	kb_autofree char *whole = at(path),
			 *dir = kb_strndup(whole, (size_t)(strrchr(whole, '/') - whole));

	if (kb_mkdirs(dir, 0755, NULL) < 0 ||
	    kb_file_replace(whole, text, strlen(text), mode, NULL) < 0 ||
	    chown(whole, uid, uid) < 0)
		fail("put %s", path);
}

static bool holds(const char *path, const char *text)
{
	kb_autofree char *whole = at(path);
	kb_autobuf struct kb_buf bytes = KB_BUF_INIT;

	kb_buf_reserve(&bytes, 0);
	return kb_file_read(whole, 1 << 20, &bytes, NULL) == 0 && strcmp(bytes.data, text) == 0;
}

static bool is_there(const char *path)
{
	kb_autofree char *whole = at(path);
	struct stat st;

	return lstat(whole, &st) == 0;
}

static bool has(const char *path, mode_t mode, uid_t uid)
{
	kb_autofree char *whole = at(path);
	struct stat st;

	return lstat(whole, &st) == 0 && (st.st_mode & 07777) == mode && st.st_uid == uid;
}

/* The host without our own records: those of a second install know that data of
 * the first was there. */
static char *list(void)
{
	kb_autobuf struct kb_buf all = KB_BUF_INIT;
	struct kb_buf out = KB_BUF_INIT;
	char *rest;

	world_list(&world, &all);
	kb_buf_reserve(&out, 0);
	for (char *line = strtok_r(all.data, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		if (line[0] == '/' && strncmp(line, "/var/lib/keybuzz", 16) != 0)
			kb_buf_printf(&out, "%s\n", line);
	return kb_buf_steal(&out);
}

static void uninstall_clean(void)
{
	world_reset(&world);
	ends(install(FIRST), 0, "install");
	ends(RUN("uninstall", "mini", "--dry-run"), 0, "uninstall --dry-run");
	says("remove    " MINI "/plain.txt", "it names what would go");
	ok(is_there(MINI "/plain.txt"), "and changes nothing");
	ends(RUN("uninstall", "mini", "--json"), 0, "uninstall --json");
	says("\"action\":\"remove\",\"path\":\"" MINI "/plain.txt\"", "it names what went");
	says("\"exit\":0,\"class\":\"ok\"", "and ends with the exit status");
	ok(!is_there(MINI "/plain.txt") && !is_there(MINI "/settings.conf"), "files are gone");
	ok(!is_there("/etc/systemd/system/mini.service") &&
		   !is_there("/run/systemd/manager/mini.service.active") &&
		   !is_there("/etc/systemd/system/multi-user.target.wants"),
	   "the service is stopped, disabled, gone");
	ok(is_there(MINI "/counted") && is_there(MINI "/once.txt"), "data stays");
	ok(is_there("/opt/keybuzz-installer/credentials/mini.env"), "credentials stay");
	ok(!is_there("/var/lib/keybuzz/mini") && is_there("/var/lib/keybuzz/rollback/mini"),
	   "the record is gone, the release number stays");
	ends(RUN("status"), 0, "status");
	says("nothing is installed", "of a host without a role");
	ends(RUN("uninstall", "mini"), 0, "uninstall again: nothing to do");
	ends(RUN("uninstall", "other"), 50, "uninstall of a role that was never there: 50");
	ends(RUN("uninstall", "mini", "more"), 2, "uninstall with a word too many: 2");
}

static void uninstall_restores(void)
{
	world_reset(&world);
	put(MINI "/plain.txt", "mine\n", 0604, 5);
	put("/etc/systemd/system/mini.service", "[Service]\nExecStart=/bin/true\n", 0644, 0);
	RUN("status");
	ends(install(FIRST), 0, "install over files that are there");
	put(MINI "/settings.conf", "edited by hand\n", 0600, 0);
	ends(install(SECOND), 0, "upgrade");
	put(MINI "/more/extra.txt", "edited by hand\n", 0640, 0);
	ends(RUN("uninstall", SECOND), 0, "uninstall by the bundle");
	ok(holds(MINI "/plain.txt", "mine\n") && has(MINI "/plain.txt", 0604, 5),
	   "the file of before is back, with owner and mode");
	ok(holds("/etc/systemd/system/mini.service", "[Service]\nExecStart=/bin/true\n"),
	   "so is the unit of before");
	ok(holds(MINI "/more/extra.txt.kept", "edited by hand\n") &&
		   !is_there(MINI "/more/extra.txt"),
	   "what somebody changed is kept beside");
	ok(!is_there(MINI "/settings.conf"), "what an upgrade put there is gone");
}

static void reinstall(void)
{
	kb_autofree char *once = NULL, *again = NULL;

	world_reset(&world);
	ends(install(FIRST), 0, "install");
	once = list();
	ends(RUN("uninstall", "mini"), 0, "uninstall");
	ends(install(FIRST), 0, "install the same release again");
	again = list();
	ok(strcmp(once, again) == 0, "gives the same host");
	if (strcmp(once, again) != 0)
		world_print_difference(once, again);
	ends(install(SECOND), 0, "upgrade");
	ends(install(FIRST), 12, "I1 back to the release before: 12");
	ends(RUN("uninstall", "mini"), 0, "uninstall");
	ends(install(FIRST), 12, "I1 also after an uninstall: 12");
	ends(install(SECOND), 0, "the newest release is welcome");
}

static int go_back(const char *permission)
{
	return RUN("install", FIRST, "--host", "mini-01", "--downgrade", permission, "--quiet");
}

/* What release 1 has and release 2 has not. */
static void dropped(void)
{
	world_reset(&world);
	ends(install(FIRST), 0, "install");
	ok(is_there(MINI "/old/past.txt") && is_there("/run/systemd/manager/before.service.active"),
	   "a file and a unit that the next release has not");
	ends(RUN("plan", SECOND, "--host", "mini-01"), 0, "plan of the next release");
	says("remove   unit       /etc/systemd/system/before.service", "names the unit");
	says("remove   file       " MINI "/old/past.txt", "and the file");
	ends(install(SECOND), 0, "upgrade");
	ok(!is_there(MINI "/old") && !is_there("/etc/systemd/system/before.service") &&
		   !is_there("/run/systemd/manager/before.service.active"),
	   "they are gone, and the service is stopped");
	ends(RUN("plan", SECOND, "--host", "mini-01"), 0, "plan after it");
	says("\n10 keep", "nothing is left to remove");
	put(MINI "/old/past.txt", "somebody's\n", 0644, 0);
	ends(install(FAILS), 60, "an upgrade that fails");
	ok(holds(MINI "/old/past.txt", "somebody's\n"),
	   "what stands there now is nobody's of ours");
}

/* One of release 1 that was changed is the one who changed it's. */
static void dropped_and_changed(void)
{
	world_reset(&world);
	ends(install(FIRST), 0, "install");
	put(MINI "/old/past.txt", "edited by hand\n", 0644, 0);
	put("/etc/systemd/system/before.service", "[Service]\nExecStart=/bin/true\n", 0644, 0);
	ends(install(SECOND), 0, "upgrade");
	ok(holds(MINI "/old/past.txt", "edited by hand\n"), "an edited file stays");
	ok(is_there("/etc/systemd/system/before.service.kept") &&
		   !is_there("/etc/systemd/system/before.service"),
	   "an edited unit is set aside");
	ends(install(SECOND), 0, "install again");
	ends(RUN("uninstall", "mini"), 0, "uninstall");
	ok(holds(MINI "/old/past.txt", "edited by hand\n"), "the edited file still stays");
}

/* I10 */
static void downgrade(void)
{
	kb_autofree char *first = NULL, *back = NULL;

	world_reset(&world);
	ends(install(FIRST), 0, "install");
	first = list();
	ends(install(SECOND), 0, "upgrade");
	ends(go_back("/bundles/none"), 50, "I10 a permission that is not there: 50");
	ends(go_back("/bundles/elsewhere"), 14, "I10 for another host: 14");
	ends(go_back("/bundles/over"), 13, "I10 after its last day: 13");
	ends(go_back("/bundles/strange"), 10, "I10 by a stranger: 10");
	ends(go_back("/bundles/changed"), 11, "I10 with another day: 11");
	ends(go_back(FIRST), 22, "I10 a bundle in its place: 22");
	ends(RUN("plan", FIRST, "--host", "mini-01", "--downgrade", "/bundles/back"), 0,
	     "plan with a permission changes nothing");
	ends(install(FIRST), 12, "I10 without one it is refused: 12");
	ends(go_back("/bundles/back"), 0, "I10 with it the host goes back");
	back = list();
	ok(strcmp(first, back) == 0, "to what it was");
	if (strcmp(first, back) != 0)
		world_print_difference(first, back);
	ends(install(FIRST), 0, "there it may be installed again");
	ends(install(SECOND), 0, "forward again");
	ends(go_back("/bundles/back"), 12, "I10 the same permission once more: 12");
}

static void failed_upgrade(void)
{
	kb_autobuf struct kb_buf before = KB_BUF_INIT;
	kb_autofree char *active = at("/run/systemd/manager/mini.service.active");

	world_reset(&world);
	ends(install(FIRST), 0, "install");
	if (kb_file_read(active, 4096, &before, NULL) < 0)
		fail("read %s", active);
	ends(install(FAILS), 60, "an upgrade that fails: 60");
	ok(holds("/run/systemd/manager/mini.service.active", before.data),
	   "the service runs with the text and the settings of before");
	ok(holds(MINI "/plain.txt", "The same on every host.\n"), "files are those of before");
	ok(!is_there(MINI "/more"), "folders it made are gone");
	ends(RUN("status"), 0, "status");
	says("mini 1.0.1: installed", "names the release that runs");
	says("upgrade to 1.0.3: 60 step", "and how the upgrade failed");
	ends(install(FIRST), 0, "the release that runs is welcome");
	ends(install(SECOND), 12, "the floor stays where the upgrade raised it: 12");
	ends(install(FAILS), 60, "the same upgrade fails the same way");
	ends(install(FIRST), 0, "and the release that runs is still welcome");
}

/* One change, and what the audit says about it. */
static void drift(const char *what, const char *word)
{
	kb_autofree char *found = kb_format("%s: 62", what),
			 *named = kb_format("%s is named", what);

	ends(RUN("status", "mini", "--verify"), 62, found);
	says(word, named);
	if (install(SECOND) != 0)
		ok(false, "an install repairs it");
}

static void remove_at(const char *path)
{
	kb_autofree char *whole = at(path);

	if (unlink(whole) < 0)
		fail("remove %s", path);
}

static void chmod_at(const char *path, mode_t mode)
{
	kb_autofree char *whole = at(path);

	if (chmod(whole, mode) < 0)
		fail("chmod %s", path);
}

static void audit(void)
{
	world_reset(&world);
	ends(RUN("status", "--verify"), 0, "status --verify of an empty host");
	ends(RUN("status", "mini", "--verify"), 50, "of a role that is not there: 50");
	ends(install(FIRST), 0, "install");
	ends(RUN("status", "--verify"), 0, "status --verify of what was just installed");
	says("everything is as it was installed", "says so");
	ends(install(SECOND), 0, "upgrade");
	ends(RUN("status", "--verify", "--json"), 0, "of an upgrade");
	says("\"findings\":[]", "no findings");
	put(MINI "/plain.txt", "Another text, in the next releasE.\n", 0644, 0);
	drift("H11 a changed byte", "changed " MINI "/plain.txt: its content");
	put(MINI "/settings.conf", "edited\n", 0600, 0);
	drift("an edited template", "changed " MINI "/settings.conf: its content");
	remove_at(MINI "/plain.txt");
	drift("a missing file", "missing " MINI "/plain.txt");
	chmod_at(MINI "/settings.conf", 0644);
	drift("a wider mode", "changed " MINI "/settings.conf: its mode");
	chmod_at(MINI, 0777);
	ends(RUN("status", "--verify"), 62, "a folder others may write: 62");
	says("changed " MINI, "it is named");
	chmod_at(MINI, 0750);
	put(MINI "/more/strange", "x", 0644, 0);
	drift("a foreign file", "foreign " MINI "/more/strange");
	remove_at(MINI "/more/strange");
	remove_at("/run/systemd/manager/mini.service.active");
	drift("a stopped service", "changed mini.service: the service does not run");
	put("/etc/systemd/system/mini.service", "[Service]\nExecStart=/bin/false\n", 0644, 0);
	drift("an edited unit", "changed /etc/systemd/system/mini.service: its content");
	ends(RUN("status", "--verify"), 0, "all of it is repaired");
	put("/var/lib/keybuzz/mini/placed", "keybuzz-placed 1\n", 0600, 0);
	ends(RUN("status", "--verify"), 21, "a damaged record: 21");
	install(SECOND);
	install(FAILS);
	ends(RUN("status", "--verify"), 0, "after a failed upgrade the release before is whole");
}

int main(int argc, char **argv)
{
	char folder[] = "/tmp/keybuzz-verbs.XXXXXX";
	kb_autofree char *base = NULL;

	if (argc != 4) {
		fprintf(stderr, "usage: %s BUNDLES PROGRAM SYSTEMCTL\n", argv[0]);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!mkdtemp(folder))
		fail("a folder");
	base = kb_format("%s/world", folder);
	output = kb_format("%s/output", base);
	world_make(&world, base, argv[1], argv[3], argv[2]);
	uninstall_clean();
	uninstall_restores();
	reinstall();
	dropped();
	dropped_and_changed();
	downgrade();
	failed_upgrade();
	audit();
	umount2(base, MNT_DETACH);
	rmdir(base);
	rmdir(folder);
	printf("%d passed, %d failed\n", passed, failed);
	return failed || !passed;
}
