#include "stub/credential_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "core/path.h"

/* Owner and mode of the folder or file behind FD: nobody but root may look. */
static int check_private(int fd, const char *dir, const char *name, struct kb_err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return kb_err_errno(err, KB_E_IO, "%s/%s", dir, name);
	if ((st.st_uid == 0 || st.st_uid == geteuid()) && !(st.st_mode & 077))
		return 0;
	return kb_err_set(err, KB_E_ENVIRONMENT,
			  "%s%s%s belongs to user %u and has mode %04o; credentials must belong "
			  "to root and be closed to everybody else: chown root, chmod %s",
			  dir, *name ? "/" : "", name, st.st_uid, st.st_mode & 07777,
			  S_ISDIR(st.st_mode) ? "700" : "600");
}

int kb_credential_folder_open(const char *dir, int *ret_fd, struct kb_err *err)
{
	kb_autoclose int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int rc;

	if (fd < 0 && errno == ENOENT)
		return kb_err_set(err, KB_E_MISSING,
				  "credentials: there is no %s; copy there what `keybuzz-run "
				  "credentials` made for this host on the orchestrator (directory "
				  "0700, files 0600), or name another folder with --credentials",
				  dir);
	if (fd < 0)
		return kb_err_errno(err, KB_E_ENVIRONMENT, "credentials: %s", dir);
	if ((rc = check_private(fd, dir, "", err)) < 0)
		return rc;
	*ret_fd = fd;
	fd = -1;
	return 0;
}

int kb_credential_file_read(int dirfd, const char *dir, const char *module, struct kb_buf *ret_text,
			    struct kb_envfile **ret_env, struct kb_err *err)
{
	kb_autofree char *name = kb_format("%s.env", module);
	kb_autofree char *path = kb_format("%s/%s", dir, name);
	kb_autoclose int fd = -1;
	struct stat st;
	int rc = kb_path_open_file(dirfd, name, &fd, &st, err);

	if (rc < 0 || (rc = check_private(fd, dir, name, err)) < 0)
		return rc;
	if (st.st_size > KB_ENVFILE_MAX)
		return kb_err_set(err, KB_E_INVALID, "%s: more than %d bytes", path,
				  KB_ENVFILE_MAX);
	kb_buf_reserve(ret_text, (size_t)st.st_size);
	if ((rc = kb_pread_full(fd, ret_text->data, (size_t)st.st_size, 0, err)) < 0)
		return rc;
	ret_text->len = (size_t)st.st_size;
	return kb_envfile_parse(path, ret_text->data, ret_text->len, ret_env, err);
}

int kb_credential_file_write(int dirfd, const char *module, const struct kb_buf *text,
			     struct kb_err *err)
{
	kb_autofree char *name = kb_format("%s.env", module);
	kb_autonewfile struct kb_newfile nf = KB_NEWFILE_INIT;
	int rc;

	if ((rc = kb_newfile_open_at(&nf, dirfd, name, 0600, err)) < 0 ||
	    (rc = kb_write_full(nf.fd, text->data, text->len, err)) < 0)
		return kb_err_wrap(err, "%s", name);
	return kb_newfile_commit(&nf, (uid_t)-1, (gid_t)-1, err);
}
