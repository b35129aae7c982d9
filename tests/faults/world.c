#include "tests/faults/world.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "core/path.h"
#include "tests/faults/copy.h"
#include "tests/faults/fail.h"

static const char *const own[] = {"etc", "opt", "run", "var"};
#define N_OWN (sizeof(own) / sizeof(own[0]))

static char *below(const char *root, const char *path)
{
	return kb_format("%s/%s", root, path);
}

static void make_dir(const char *root, const char *path, mode_t mode)
{
	kb_autofree char *whole = below(root, path);

	if ((mkdir(whole, mode) < 0 && errno != EEXIST) || chmod(whole, mode) < 0)
		fail("mkdir %s", whole);
}

static void make_file(const char *root, const char *path, const char *text, mode_t mode)
{
	kb_autofree char *whole = below(root, path);

	if (kb_file_replace(whole, text, strlen(text), mode, NULL) < 0)
		fail("write %s", whole);
}

static void bind(const char *from, const char *root, const char *path)
{
	kb_autofree char *to = below(root, path);

	if (mount(from, to, NULL, MS_BIND | MS_REC, NULL) < 0)
		fail("bind %s to %s", from, to);
}

static void link_to(const char *target, const char *root, const char *path)
{
	kb_autofree char *whole = below(root, path);

	if (symlink(target, whole) < 0)
		fail("symlink %s", whole);
}

static void copy_into(const char *from, const char *root, const char *path)
{
	kb_autofree char *to = below(root, path);

	copy_file(from, to, 0755);
}

/* As a Debian looks: merged /usr, a shell, and what the role's script uses. */
static void make_system(const char *root, const char *systemctl, const char *program)
{
	static const char *const dirs[] = {"usr", "usr/bin", "usr/lib", "usr/lib64", "proc",
					   "dev", "bundles", "tmp",     "root"};

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		make_dir(root, dirs[i], 0755);
	link_to("usr/bin", root, "bin");
	link_to("usr/lib", root, "lib");
	link_to("usr/lib64", root, "lib64");
	copy_into("/bin/dash", root, "usr/bin/sh");
	copy_into("/bin/mv", root, "usr/bin/mv");
	copy_into(systemctl, root, "usr/bin/systemctl");
	copy_into(program, root, "keybuzz-run");
	bind("/usr/lib", root, "usr/lib");
	bind("/lib64", root, "usr/lib64");
	bind("/proc", root, "proc");
	bind("/dev", root, "dev");
}

void world_make(struct world *w, const char *folder, const char *bundles, const char *systemctl,
		const char *program)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		fail("a mount namespace");
	if (mkdir(folder, 0755) < 0 || mount("tmpfs", folder, "tmpfs", 0, "mode=755") < 0)
		fail("a tmpfs at %s", folder);
	w->root = below(folder, "root");
	w->bundles = kb_strdup(bundles);
	if (mkdir(w->root, 0755) < 0)
		fail("mkdir %s", w->root);
	make_system(w->root, systemctl, program);
	bind(bundles, w->root, "bundles");
}

void world_free(struct world *w)
{
	free(w->root);
	free(w->bundles);
}

static void remove_own(const struct world *w)
{
	kb_autoclose int fd = open(w->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct kb_err err = {.code = 0};

	for (size_t i = 0; i < N_OWN; i++)
		if (fd < 0 || kb_path_remove_tree(fd, own[i], &err) < 0)
			fail("empty %s/%s: %s", w->root, own[i], err.text);
}

static void take_key(const struct world *w)
{
	kb_autofree char *from = below(w->bundles, "test.pub");
	kb_autofree char *to = below(w->root, "etc/keybuzz/trust/test.pub");

	copy_file(from, to, 0644);
}

void world_reset(const struct world *w)
{
	static const struct {
		const char *path;
		mode_t mode;
	} dirs[] = {
		{"etc", 0755},
		{"etc/keybuzz", 0755},
		{"etc/keybuzz/trust", 0755},
		{"etc/systemd", 0755},
		{"etc/systemd/system", 0755},
		{"opt", 0755},
		{"opt/keybuzz-installer", 0755},
		{"opt/keybuzz-installer/credentials", 0700},
		{"run", 0755},
		{"run/systemd", 0755},
		{"run/systemd/system", 0755},
		{"var", 0755},
		{"var/lib", 0755},
	};

	remove_own(w);
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		make_dir(w->root, dirs[i].path, dirs[i].mode);
	make_file(w->root, "etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n", 0644);
	make_file(w->root, "opt/keybuzz-installer/credentials/mini.env",
		  "MINI_SECRET=a-secret-of-this-test\n", 0600);
	take_key(w);
}

void world_save(const struct world *w, const char *folder)
{
	if (mkdir(folder, 0755) < 0)
		fail("mkdir %s", folder);
	for (size_t i = 0; i < N_OWN; i++) {
		kb_autofree char *from = below(w->root, own[i]);
		kb_autofree char *to = below(folder, own[i]);

		copy_tree(from, to);
	}
}

void world_restore(const struct world *w, const char *folder)
{
	remove_own(w);
	for (size_t i = 0; i < N_OWN; i++) {
		kb_autofree char *from = below(folder, own[i]);
		kb_autofree char *to = below(w->root, own[i]);

		copy_tree(from, to);
	}
}
