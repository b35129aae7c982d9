#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "core/path.h"

/* A root of its own for each test: NAME below the scratch folder. */
static int new_root(const char *name)
{
	kb_autofree char *path = kb_format("%s/%s", kb_test_dir(), name);
	int fd;

	assert_int_equal(mkdir(path, 0755), 0);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static void make(int root, const char *name, mode_t mode)
{
	assert_int_equal(mkdirat(root, name, 0700), 0);
	assert_int_equal(fchmodat(root, name, mode, 0), 0);
}

static void put(int root, const char *name, const char *text)
{
	kb_autoclose int fd = openat(root, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static int open_dir(int root, const char *path, struct kb_err *err)
{
	kb_autoclose int fd = -1;

	return kb_path_open_dir(root, path, NULL, &fd, err);
}

KB_TEST(path_walks_to_a_folder)
{
	kb_autoclose int root = new_root("path-walk");
	struct kb_err err;

	make(root, "a", 0755);
	make(root, "a/b", 0700);
	assert_int_equal(open_dir(root, "/", &err), 0);
	assert_int_equal(open_dir(root, "/a", &err), 0);
	assert_int_equal(open_dir(root, "/a/b", &err), 0);
	assert_int_equal(open_dir(root, "/a/c", &err), KB_E_MISSING);
	assert_string_equal(err.text, "/a/c: No such file or directory");
}

KB_TEST(path_refuses_what_is_not_plain)
{
	static const char *const bad[] = {"", "a", "/a/../b", "/a/", "//a", "/./a", "/a\n"};
	kb_autoclose int root = new_root("path-plain");
	struct kb_err err;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(open_dir(root, bad[i], &err), KB_E_PATH);
}

/* First that the attack works with an ordinary open, then that it does not
 * with ours. */
KB_TEST(path_follows_no_link)
{
	kb_autoclose int root = new_root("path-link"), direct = -1;
	struct kb_err err;

	make(root, "real", 0755);
	make(root, "real/sub", 0755);
	assert_int_equal(symlinkat("real", root, "link"), 0);
	direct = openat(root, "link/sub", O_RDONLY | O_DIRECTORY);
	assert_true(direct >= 0);
	assert_int_equal(open_dir(root, "/link/sub", &err), KB_E_PATH);
	assert_string_equal(err.text, "/link is a symbolic link or no directory");
	assert_int_equal(open_dir(root, "/link", &err), KB_E_PATH);
	put(root, "file", "x");
	assert_int_equal(open_dir(root, "/file/sub", &err), KB_E_PATH);
}

KB_TEST(path_refuses_folders_others_can_write)
{
	kb_autoclose int root = new_root("path-mode");
	struct kb_err err;

	make(root, "group", 0775);
	make(root, "group/x", 0755);
	make(root, "world", 0757);
	make(root, "sticky", 01777);
	assert_int_equal(open_dir(root, "/group/x", &err), KB_E_ENVIRONMENT);
	assert_int_equal(open_dir(root, "/world", &err), KB_E_ENVIRONMENT);
	assert_int_equal(open_dir(root, "/sticky", &err), KB_E_ENVIRONMENT);
}

KB_TEST(path_asks_who_owns_the_folder)
{
	const uid_t service = 999;
	const struct kb_owners owners = {.uids = &service, .n = 1};
	kb_autoclose int root = new_root("path-owner"), fd = -1;
	struct kb_err err;

	if (geteuid() != 0)
		skip();
	make(root, "service", 0750);
	assert_int_equal(fchownat(root, "service", service, service, 0), 0);
	assert_int_equal(open_dir(root, "/service", &err), KB_E_ENVIRONMENT);
	assert_int_equal(kb_path_open_dir(root, "/service", &owners, &fd, &err), 0);
}

KB_TEST(path_makes_what_is_missing_with_the_mode)
{
	kb_autoclose int root = new_root("path-make"), fd = -1;
	mode_t mask = umask(077);
	struct kb_err err;
	struct stat st;

	make(root, "old", 0700);
	assert_int_equal(kb_path_make_dir(root, "/old/new/deep", 0755, NULL, &fd, &err), 0);
	umask(mask);
	assert_int_equal(fstatat(root, "old", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(fstatat(root, "old/new", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	assert_int_equal(fstatat(root, "old/new/deep", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
}

KB_TEST(path_opens_regular_files_only)
{
	kb_autoclose int root = new_root("path-file");
	struct kb_err err;
	struct stat st;
	int fd = -1;

	put(root, "file", "x");
	assert_int_equal(symlinkat("file", root, "link"), 0);
	assert_int_equal(mkfifoat(root, "fifo", 0600), 0);
	make(root, "dir", 0755);
	assert_int_equal(kb_path_open_file(root, "file", &fd, &st, &err), 0);
	close(fd);
	assert_int_equal(kb_path_open_file(root, "none", &fd, &st, &err), KB_E_MISSING);
	assert_int_equal(kb_path_open_file(root, "link", &fd, &st, &err), KB_E_PATH);
	assert_int_equal(kb_path_open_file(root, "fifo", &fd, &st, &err), KB_E_PATH);
	assert_int_equal(kb_path_open_file(root, "dir", &fd, &st, &err), KB_E_PATH);
}

KB_TEST(path_removes_a_tree_and_nothing_behind_links)
{
	kb_autoclose int root = new_root("path-remove");
	struct kb_err err;
	struct stat st;

	make(root, "keep", 0755);
	put(root, "keep/file", "x");
	make(root, "tree", 0755);
	make(root, "tree/a", 0755);
	make(root, "tree/a/b", 0000);
	make(root, "tree/c", 0755);
	put(root, "tree/a/file", "x");
	put(root, "tree/c/file", "x");
	assert_int_equal(symlinkat("../keep", root, "tree/link"), 0);
	assert_int_equal(symlinkat("/", root, "tree/a/link"), 0);
	if (geteuid() != 0) /* root may look into it as it is */
		assert_int_equal(fchmodat(root, "tree/a/b", 0700, 0), 0);
	assert_int_equal(kb_path_remove_tree(root, "tree", &err), 0);
	assert_int_equal(fstatat(root, "tree", &st, AT_SYMLINK_NOFOLLOW), -1);
	assert_int_equal(fstatat(root, "keep/file", &st, 0), 0);
	assert_int_equal(kb_path_remove_tree(root, "tree", &err), 0);
	assert_int_equal(symlinkat("keep", root, "top"), 0);
	assert_int_equal(kb_path_remove_tree(root, "top", &err), 0);
	assert_int_equal(fstatat(root, "keep/file", &st, 0), 0);
}

KB_TEST(path_sweeps_only_its_own_leftovers)
{
	kb_autoclose int root = new_root("path-sweep");
	struct kb_err err;
	struct stat st;

	put(root, ".0123456789abcdef.part", "x");
	put(root, ".0123456789abcde.part", "x");
	put(root, ".0123456789abcdeg.part", "x");
	put(root, "0123456789abcdef.part", "x");
	make(root, ".00000000000000aa.part", 0755);
	assert_int_equal(kb_path_sweep(root, &err), 0);
	assert_int_equal(fstatat(root, ".0123456789abcdef.part", &st, 0), -1);
	assert_int_equal(fstatat(root, ".0123456789abcde.part", &st, 0), 0);
	assert_int_equal(fstatat(root, ".0123456789abcdeg.part", &st, 0), 0);
	assert_int_equal(fstatat(root, "0123456789abcdef.part", &st, 0), 0);
	assert_int_equal(fstatat(root, ".00000000000000aa.part", &st, 0), 0);
}
