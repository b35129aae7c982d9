/* The service manager of the hosts that the fault sweeps make by the thousand:
 * as much of systemctl as the installer asks for, with its state in files.
 *
 * It keeps the habits that matter here. A unit runs with the text that was
 * loaded when it was started, and a text is loaded by daemon-reload or when
 * nothing is loaded yet; so a reload or a restart that was left out shows in
 * the tree. What a service would have read when it started is written down
 * with it: the digest of the settings beside. Every change is one rename. The
 * real systemd is what tests/hosts are for.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/digest.h"
#include "core/dir.h"
#include "core/file.h"
#include "core/mem.h"

#define UNITS    "/etc/systemd/system"
#define WANTS    UNITS "/multi-user.target.wants"
#define STATE    "/run/systemd/manager"
#define SETTINGS "/opt/keybuzz/mini/settings.conf"

static char *in_folder(const char *folder, const char *name, const char *suffix)
{
	return kb_format("%s/%s%s", folder, name, suffix);
}

static bool load(const char *path, struct kb_buf *text)
{
	kb_buf_clear(text);
	return kb_file_read(path, 1 << 20, text, NULL) == 0;
}

static bool is_there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

/* Reads the unit's file anew; forgets it when there is none. */
static void load_unit(const char *name)
{
	kb_autofree char *loaded = in_folder(STATE, name, ".loaded");
	kb_autofree char *path = in_folder(UNITS, name, "");
	kb_autobuf struct kb_buf text = KB_BUF_INIT;

	if (!load(path, &text))
		unlink(loaded);
	else if (kb_file_replace(loaded, text.data, text.len, 0600, NULL) < 0)
		exit(3);
}

static void load_once(const char *name)
{
	kb_autofree char *loaded = in_folder(STATE, name, ".loaded");

	if (!is_there(loaded))
		load_unit(name);
}

static int show(const char *name)
{
	kb_autofree char *loaded = in_folder(STATE, name, ".loaded");
	kb_autofree char *active = in_folder(STATE, name, ".active");
	kb_autofree char *path = in_folder(UNITS, name, "");
	kb_autofree char *wanted = in_folder(WANTS, name, "");
	kb_autobuf struct kb_buf a = KB_BUF_INIT, b = KB_BUF_INIT;
	bool known, up = is_there(active), there;

	load_once(name);
	known = load(loaded, &a);
	there = load(path, &b);
	printf("LoadState=%s\nUnitFileState=%s\nNeedDaemonReload=%s\nActiveState=%s\n"
	       "SubState=%s\nType=exec\nResult=success\nNRestarts=0\n"
	       "InactiveExitTimestampMonotonic=%d\n",
	       known ? "loaded" : "not-found",
	       is_there(wanted) ? "enabled"
	       : there          ? "disabled"
				: "",
	       known != there || (known && strcmp(a.data, b.data) != 0) ? "yes" : "no",
	       up ? "active" : "inactive", up ? "running" : "dead", up ? 1 : 0);
	return 0;
}

static int start(const char *name)
{
	kb_autofree char *loaded = in_folder(STATE, name, ".loaded");
	kb_autofree char *active = in_folder(STATE, name, ".active");
	kb_autobuf struct kb_buf unit = KB_BUF_INIT, settings = KB_BUF_INIT, out = KB_BUF_INIT;
	struct kb_digest d;

	load_once(name);
	if (!load(loaded, &unit))
		return 5;
	kb_digest_of(unit.data, unit.len, &d);
	kb_buf_printf(&out, "unit %s\n", kb_digest_hex(&d));
	if (load(SETTINGS, &settings)) {
		kb_digest_of(settings.data, settings.len, &d);
		kb_buf_printf(&out, "settings %s\n", kb_digest_hex(&d));
	}
	return kb_file_replace(active, out.data, out.len, 0600, NULL) < 0 ? 4 : 0;
}

static int stop(const char *name)
{
	kb_autofree char *active = in_folder(STATE, name, ".active");

	unlink(active);
	return 0;
}

static int enable(const char *name)
{
	kb_autofree char *wanted = in_folder(WANTS, name, "");
	kb_autofree char *path = in_folder(UNITS, name, "");

	if (!is_there(path))
		return 1;
	mkdir(WANTS, 0755);
	chmod(WANTS, 0755);
	return is_there(wanted) || symlink(path, wanted) == 0 ? 0 : 1;
}

static int disable(const char *name)
{
	kb_autofree char *wanted = in_folder(WANTS, name, "");

	unlink(wanted);
	rmdir(WANTS);
	return 0;
}

static int reload(void)
{
	static const char *const units[] = {"mini.service", "before.service"};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		load_unit(units[i]);
	return 0;
}

static int is_active(const char *name)
{
	kb_autofree char *active = in_folder(STATE, name, ".active");

	return is_there(active) ? 0 : 3;
}

static int run(const char *verb, const char *name)
{
	if (!strcmp(verb, "daemon-reload"))
		return reload();
	if (!strcmp(verb, "reset-failed"))
		return 0;
	if (!name)
		return 64;
	if (!strcmp(verb, "show"))
		return show(name);
	if (!strcmp(verb, "start"))
		return is_active(name) == 0 ? 0 : start(name);
	if (!strcmp(verb, "restart"))
		return start(name);
	if (!strcmp(verb, "stop"))
		return stop(name);
	if (!strcmp(verb, "enable"))
		return enable(name);
	if (!strcmp(verb, "disable"))
		return disable(name);
	return strcmp(verb, "is-active") == 0 ? is_active(name) : 64;
}

/* What this program left when it was ended together with who had called it,
 * which does not happen to a manager of its own. */
static void begin(void)
{
	kb_autodir DIR *dir = NULL;
	const char *name;

	mkdir(STATE, 0755);
	if (kb_dir_open(AT_FDCWD, STATE, &dir, NULL) < 0)
		exit(3);
	while (kb_dir_next(dir, &name, NULL) > 0)
		if (name[0] == '.')
			unlinkat(dirfd(dir), name, 0);
}

int main(int argc, char **argv)
{
	const char *verb = NULL, *name = NULL;

	umask(022);
	begin();
	for (int i = 1; i < argc; i++) {
		if (argv[i][0] == '-')
			continue;
		if (!verb)
			verb = argv[i];
		else
			name = argv[i];
	}
	return verb ? run(verb, name) : 64;
}
