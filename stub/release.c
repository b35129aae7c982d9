#include "stub/release.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/dir.h"
#include "core/file.h"
#include "core/packages.h"
#include "stub/paths.h"

bool kb_release_carries(const struct kb_manifest *m, const struct kb_file *file)
{
	if (strncmp(file->path, KB_PACKAGES_FOLDER, strlen(KB_PACKAGES_FOLDER)) == 0)
		return false;
	if (m->blobs[file->blob].size <= KB_RELEASE_COPY_MAX)
		return true;
	for (size_t i = 0; i < m->n_steps; i++)
		if (m->steps[i].kind == KB_STEP_FILE && strcmp(m->steps[i].source, file->path) == 0)
			return false;
	return true;
}

static bool is_whole(int dirfd, const char *name, const struct kb_file *file,
		     const struct kb_blob *blob)
{
	kb_autoclose int fd = -1;
	struct kb_digest real;
	struct stat st;

	return kb_path_open_file(dirfd, name, &fd, &st, NULL) == 0 && st.st_uid == geteuid() &&
	       (st.st_mode & 07777) == file->mode && (uint64_t)st.st_size == blob->size &&
	       kb_digest_of_fd(fd, &real, NULL, NULL) == 0 && kb_digest_eq(&real, &blob->digest);
}

static int to_file(void *ctx, const void *data, size_t len, struct kb_err *err)
{
	const struct kb_newfile *nf = ctx;

	return kb_write_full(nf->fd, data, len, err);
}

/* A folder in the place of a file is none of ours; nothing else can be there. */
static int write_file(struct kb_scene *scene, int dirfd, const char *name,
		      const struct kb_file *file, struct kb_err *err)
{
	kb_autonewfile struct kb_newfile nf = KB_NEWFILE_INIT;
	int rc;

	if ((rc = kb_path_sweep(dirfd, err)) < 0 ||
	    (rc = kb_newfile_open_at(&nf, dirfd, name, file->mode, err)) < 0 ||
	    (rc = kb_bundle_stream(scene->bundle, file->blob, to_file, &nf, err)) < 0)
		return rc;
	return kb_newfile_commit(&nf, (uid_t)-1, (gid_t)-1, err);
}

/* FILE's folder below DIRFD, made when it is missing. */
static int open_folder(int dirfd, const char *path, int *ret_fd, const char **ret_name,
		       struct kb_err *err)
{
	kb_autofree char *work = kb_strdup(path);
	kb_autoclose int at = fcntl(dirfd, F_DUPFD_CLOEXEC, 3);
	char *part = work, *slash;

	while (at >= 0 && (slash = strchr(part, '/'))) {
		int next = -1, rc;

		*slash = '\0';
		if ((rc = kb_path_make_at(at, part, 0700, NULL, &next, NULL, err)) < 0)
			return rc;
		close(at);
		at = next;
		part = slash + 1;
	}
	if (at < 0)
		return kb_err_errno(err, KB_E_IO, "%s", path);
	*ret_name = path + (part - work);
	*ret_fd = at;
	at = -1;
	return 0;
}

static int stage_file(struct kb_scene *scene, int dirfd, const struct kb_file *file,
		      struct kb_err *err)
{
	const struct kb_blob *blob = &scene->m->blobs[file->blob];
	kb_autoclose int folder = -1;
	const char *name;
	int rc = open_folder(dirfd, file->path, &folder, &name, err);

	if (rc < 0 || is_whole(folder, name, file, blob))
		return rc;
	return write_file(scene, folder, name, file, err);
}

int kb_release_stage(struct kb_scene *scene, struct kb_err *err)
{
	kb_autofree char *path =
		kb_format(KB_PATH_STATE "/%s/" KB_NAME_RELEASES "/%.16s/" KB_NAME_PAYLOAD,
			  scene->m->role, kb_digest_hex(scene->release));
	kb_autoclose int dirfd = -1;
	int rc = kb_path_make_dir(scene->rootfd, path, 0700, NULL, &dirfd, err);

	for (size_t i = 0; rc == 0 && i < scene->m->n_files; i++)
		if (kb_release_carries(scene->m, &scene->m->files[i]))
			rc = stage_file(scene, dirfd, &scene->m->files[i], err);
	if (rc < 0)
		return kb_err_wrap(err, "payload in %s", path);
	free(scene->payload_path);
	scene->payload_path = kb_steal(path);
	return 0;
}

int kb_release_record(struct kb_scene *scene, struct kb_err *err)
{
	kb_autonewfile struct kb_newfile nf = KB_NEWFILE_INIT;
	kb_autobuf struct kb_buf old = KB_BUF_INIT;
	const uint8_t *bytes;
	size_t len;
	int rc;

	kb_bundle_signed_part(scene->bundle, &bytes, &len);
	if (kb_file_read_at(scene->state.role, KB_NAME_MANIFEST, len, &old, NULL) == 0 &&
	    old.len == len && memcmp(old.data, bytes, len) == 0)
		return 0;
	if ((rc = kb_newfile_open_at(&nf, scene->state.role, KB_NAME_MANIFEST, 0600, err)) < 0 ||
	    (rc = kb_write_full(nf.fd, bytes, len, err)) < 0)
		return rc;
	return kb_newfile_commit(&nf, (uid_t)-1, (gid_t)-1, err);
}

int kb_release_prune(struct kb_scene *scene, const char *previous, struct kb_err *err)
{
	kb_autofree char *current = kb_format("%.16s", kb_digest_hex(scene->release));
	kb_autodir DIR *dir = NULL;
	const char *name;
	int rc = kb_dir_open(scene->state.role, KB_NAME_RELEASES, &dir, err);

	if (rc < 0)
		return rc == KB_E_MISSING ? 0 : rc;
	while ((rc = kb_dir_next(dir, &name, err)) > 0) {
		if (name[0] == '.' || strcmp(name, current) == 0 ||
		    (previous && strcmp(name, previous) == 0))
			continue;
		if ((rc = kb_path_remove_tree(dirfd(dir), name, err)) < 0)
			break;
	}
	return rc;
}
