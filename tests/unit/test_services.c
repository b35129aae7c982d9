/* Services are held while packages are installed, and nobody's policy is lost. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "core/path.h"
#include "stub/services.h"
#include "tests/unit/unit.h"

#define THEIRS "#!/bin/sh\nexit 0\n"

static int empty_host(const char *name)
{
	kb_autofree char *path = kb_format("%s/%s", kb_test_dir(), name);
	int root;

	assert_int_equal(mkdir(path, 0755), 0);
	root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(root >= 0);
	assert_int_equal(mkdirat(root, "usr", 0755), 0);
	assert_int_equal(mkdirat(root, "usr/sbin", 0755), 0);
	return root;
}

static void write_policy(int root, const char *text)
{
	kb_autoclose int fd = openat(root, "usr/sbin/policy-rc.d",
				     O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static void assert_policy(int root, const char *text)
{
	kb_autobuf struct kb_buf found = KB_BUF_INIT;
	struct kb_err err;

	assert_int_equal(kb_file_read_at(root, "usr/sbin/policy-rc.d", 4096, &found, &err), 0);
	kb_buf_putc(&found, '\0');
	assert_string_equal(found.data, text);
}

KB_TEST(held_services_are_released)
{
	kb_autoclose int root = empty_host("services-none");
	struct kb_err err;
	struct stat st;

	assert_int_equal(kb_services_held(root, &err), 0);
	assert_int_equal(kb_services_hold(root, &err), 0);
	assert_int_equal(kb_services_held(root, &err), 1);
	assert_int_equal(fstatat(root, "usr/sbin/policy-rc.d", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	assert_int_equal(kb_services_hold(root, &err), 0);
	assert_int_equal(kb_services_release(root, &err), 0);
	assert_int_equal(faccessat(root, "usr/sbin/policy-rc.d", F_OK, 0), -1);
	assert_int_equal(kb_services_release(root, &err), 0);
}

KB_TEST(a_policy_of_the_host_comes_back)
{
	kb_autoclose int root = empty_host("services-theirs");
	struct kb_err err;

	write_policy(root, THEIRS);
	assert_int_equal(kb_services_held(root, &err), 0);
	assert_int_equal(kb_services_hold(root, &err), 0);
	/* interrupted here, and begun again */
	assert_int_equal(kb_services_hold(root, &err), 0);
	assert_int_equal(kb_services_release(root, &err), 0);
	assert_policy(root, THEIRS);
	assert_int_equal(faccessat(root, "usr/sbin/policy-rc.d.before-keybuzz", F_OK, 0), -1);
}

KB_TEST(a_policy_written_meanwhile_stays)
{
	kb_autoclose int root = empty_host("services-new");
	struct kb_err err;

	assert_int_equal(kb_services_hold(root, &err), 0);
	assert_int_equal(unlinkat(root, "usr/sbin/policy-rc.d", 0), 0);
	write_policy(root, THEIRS);
	assert_int_equal(kb_services_release(root, &err), 0);
	assert_policy(root, THEIRS);
}
