#include "stub/services.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "core/path.h"
#include "stub/paths.h"

#define POLICY "policy-rc.d"
#define KEPT   "policy-rc.d.before-keybuzz"

/* 101: "action forbidden by policy". */
static const char ours[] = "#!/bin/sh\n# keybuzz: packages are being installed.\nexit 101\n";

static int sync_folder(int dirfd, struct kb_err *err)
{
	return fsync(dirfd) < 0 ? kb_err_errno(err, KB_E_IO, KB_PATH_POLICY) : 0;
}

/* 1: ours; 0: there is none; 2: somebody else's. */
static int look(int dirfd, struct kb_err *err)
{
	kb_autobuf struct kb_buf text = KB_BUF_INIT;
	struct stat st;
	int rc;

	if (fstatat(dirfd, POLICY, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : kb_err_errno(err, KB_E_IO, KB_PATH_POLICY);
	if (!S_ISREG(st.st_mode) || st.st_size != (off_t)sizeof(ours) - 1)
		return 2;
	rc = kb_file_read_at(dirfd, POLICY, sizeof(ours), &text, err);
	if (rc < 0)
		return rc;
	return text.len == sizeof(ours) - 1 && memcmp(text.data, ours, text.len) == 0 ? 1 : 2;
}

int kb_services_held(int rootfd, struct kb_err *err)
{
	kb_autoclose int dirfd = -1;
	int rc = kb_path_open_dir(rootfd, KB_PATH_SBIN, NULL, &dirfd, err);

	if (rc == 0)
		rc = look(dirfd, err);
	return rc < 0 ? rc : rc == 1;
}

int kb_services_hold(int rootfd, struct kb_err *err)
{
	kb_autonewfile struct kb_newfile nf = KB_NEWFILE_INIT;
	kb_autoclose int dirfd = -1;
	int rc = kb_path_open_dir(rootfd, KB_PATH_SBIN, NULL, &dirfd, err);

	if (rc < 0 || (rc = look(dirfd, err)) < 0 || rc == 1)
		return rc < 0 ? rc : 0;
	if (rc == 2 && renameat(dirfd, POLICY, dirfd, KEPT) < 0)
		return kb_err_errno(err, KB_E_IO, KB_PATH_POLICY);
	if ((rc = kb_newfile_open_at(&nf, dirfd, POLICY, 0755, err)) < 0 ||
	    (rc = kb_write_full(nf.fd, ours, sizeof(ours) - 1, err)) < 0)
		return rc;
	return kb_newfile_commit(&nf, 0, 0, err);
}

int kb_services_release(int rootfd, struct kb_err *err)
{
	kb_autoclose int dirfd = -1;
	int rc = kb_path_open_dir(rootfd, KB_PATH_SBIN, NULL, &dirfd, err);

	if (rc < 0 || (rc = look(dirfd, err)) < 0)
		return rc;
	if (rc == 1 && unlinkat(dirfd, POLICY, 0) < 0)
		return kb_err_errno(err, KB_E_IO, KB_PATH_POLICY);
	/* somebody may have written a new one meanwhile: it stays */
	if (rc != 2 && renameat(dirfd, KEPT, dirfd, POLICY) < 0 && errno != ENOENT)
		return kb_err_errno(err, KB_E_IO, KB_PATH_POLICY);
	return sync_folder(dirfd, err);
}
