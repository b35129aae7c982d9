#include "core/extract.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "core/image_layout.h"
#include "core/path.h"
#include "core/tar.h"

struct extract {
	struct kb_bundle *bundle;
	const struct kb_manifest *m;
	int dirfd;
	const char *const *wanted;
	size_t n_wanted;
	bool *used; /* per wanted name */
	const struct kb_progress *progress;
	uint64_t done, total;
	size_t written;
	bool counting; /* first round: only sizes */
};

/* NAME itself, or something in the folder NAME. */
static bool within(const char *path, const char *name)
{
	size_t len = strlen(name);

	while (len && name[len - 1] == '/')
		len--;
	return strncmp(path, name, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

static bool is_wanted(struct extract *x, const char *path)
{
	bool any = x->n_wanted == 0;

	for (size_t i = 0; i < x->n_wanted; i++)
		if (within(path, x->wanted[i]))
			x->used[i] = any = true;
	return any;
}

static int begin_member(struct extract *x, const char *path, mode_t mode, struct kb_newfile *nf,
			struct kb_err *err)
{
	kb_autofree char *absolute = kb_format("/%s", path);
	kb_autofree char *folder =
		kb_strndup(absolute, (size_t)(strrchr(absolute, '/') - absolute));
	const char *name = strrchr(path, '/') + 1;
	kb_autoclose int fd = -1;
	struct stat st;
	int rc = kb_path_make_dir(x->dirfd, folder, 0755, NULL, &fd, err);

	if (rc < 0)
		return rc;
	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return kb_err_set(err, KB_E_PATH, "%s exists; extract writes over nothing", path);
	return kb_newfile_open_at(nf, fd, name, mode, err);
}

static int advance(struct extract *x, size_t len, struct kb_err *err)
{
	x->done += len;
	if (kb_progress_step(x->progress, "extract", x->done, x->total) != 0)
		return kb_err_set(err, KB_E_INTERRUPTED, "stopped");
	return 0;
}

struct file_sink {
	struct extract *x;
	int fd;
};

static int write_file(void *ctx, const void *data, size_t len, struct kb_err *err)
{
	struct file_sink *sink = ctx;
	int rc = kb_write_full(sink->fd, data, len, err);

	return rc < 0 ? rc : advance(sink->x, len, err);
}

static int extract_blob(struct extract *x, const char *path, mode_t mode, uint32_t blob,
			struct kb_err *err)
{
	kb_autonewfile struct kb_newfile nf = KB_NEWFILE_INIT;
	struct file_sink sink = {.x = x};
	int rc;

	if (!is_wanted(x, path))
		return 0;
	if (x->counting) {
		x->total += x->m->blobs[blob].size;
		return 0;
	}
	if ((rc = begin_member(x, path, mode, &nf, err)) < 0)
		return rc;
	sink.fd = nf.fd;
	if ((rc = kb_bundle_stream(x->bundle, blob, write_file, &sink, err)) < 0 ||
	    (rc = kb_newfile_commit(&nf, (uid_t)-1, (gid_t)-1, err)) < 0)
		return kb_err_wrap(err, "%s", path);
	x->written++;
	return 0;
}

struct tar_sink {
	struct extract *x;
	struct kb_tar_writer *tar;
};

static int write_tar(void *ctx, const void *data, size_t len, struct kb_err *err)
{
	int *fd = ctx;

	return kb_write_full(*fd, data, len, err);
}

static int tar_data(void *ctx, const void *data, size_t len, struct kb_err *err)
{
	struct tar_sink *sink = ctx;
	int rc = kb_tar_data(sink->tar, data, len, err);

	return rc < 0 ? rc : advance(sink->x, len, err);
}

static int add_member(struct tar_sink *sink, uint32_t blob, struct kb_err *err)
{
	char path[KB_IMAGE_PATH_LEN + 1];
	const struct kb_blob *b = &sink->x->m->blobs[blob];
	int rc;

	kb_image_path(&b->digest, path);
	rc = kb_tar_file(sink->tar, path, 0644, b->size, err);
	return rc < 0 ? rc : kb_bundle_stream(sink->x->bundle, blob, tar_data, sink, err);
}

/* A layer may stand twice in an image (an empty one often does) but only once
 * in its archive. */
static bool stands_before(const struct kb_image *image, size_t layer)
{
	for (size_t i = 0; i < layer; i++)
		if (image->layers[i] == image->layers[layer])
			return true;
	return false;
}

static int fill_archive(struct tar_sink *sink, const struct kb_image *image, struct kb_err *err)
{
	kb_autobuf struct kb_buf list = KB_BUF_INIT;
	int rc;

	kb_image_docker_list(sink->x->m, &image, 1, true, &list);
	rc = kb_tar_whole(sink->tar, "manifest.json", 0644, list.data, list.len, err);
	if (rc == 0)
		rc = add_member(sink, image->config, err);
	for (size_t i = 0; rc == 0 && i < image->n_layers; i++)
		if (!stands_before(image, i))
			rc = add_member(sink, image->layers[i], err);
	return rc < 0 ? rc : kb_tar_end(sink->tar, err);
}

static int extract_image(struct extract *x, const struct kb_image *image, struct kb_err *err)
{
	kb_autonewfile struct kb_newfile nf = KB_NEWFILE_INIT;
	kb_autofree char *path = kb_format("images/%s.tar", image->name);
	struct tar_sink sink = {.x = x};
	int rc;

	if (!is_wanted(x, path))
		return 0;
	if (x->counting) {
		x->total += kb_manifest_image_size(x->m, image);
		return 0;
	}
	if ((rc = begin_member(x, path, 0644, &nf, err)) < 0)
		return rc;
	sink.tar = kb_tar_writer_new(write_tar, &nf.fd, kb_manifest_image_size(x->m, image));
	rc = fill_archive(&sink, image, err);
	kb_tar_writer_free(sink.tar);
	if (rc == 0)
		rc = kb_newfile_commit(&nf, (uid_t)-1, (gid_t)-1, err);
	if (rc < 0)
		return kb_err_wrap(err, "%s", path);
	x->written++;
	return 0;
}

static int walk(struct extract *x, struct kb_err *err)
{
	const struct kb_manifest *m = x->m;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < m->n_files; i++) {
		kb_autofree char *path = kb_format("files/%s", m->files[i].path);

		rc = extract_blob(x, path, m->files[i].mode, m->files[i].blob, err);
	}
	for (size_t i = 0; rc == 0 && i < m->n_images; i++)
		rc = extract_image(x, &m->images[i], err);
	for (size_t i = 0; rc == 0 && i < m->n_packages; i++) {
		const struct kb_package *p = &m->packages[i];
		kb_autofree char *path = kb_format("packages/%s/%s_%s_%s.deb", p->release, p->name,
						   p->version, p->arch);

		rc = extract_blob(x, path, 0644, p->blob, err);
	}
	return rc;
}

static int check_used(const struct extract *x, struct kb_err *err)
{
	for (size_t i = 0; i < x->n_wanted; i++)
		if (!x->used[i])
			return kb_err_set(err, KB_E_USAGE,
					  "the bundle has no %s; `list` shows what it has, under "
					  "files/, images/ and packages/",
					  x->wanted[i]);
	return 0;
}

static int open_folder(const char *dir, int *ret_fd, struct kb_err *err)
{
	int rc = kb_mkdirs(dir, 0755, err);

	if (rc < 0)
		return rc;
	*ret_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *ret_fd < 0 ? kb_err_errno(err, KB_E_IO, "%s", dir) : 0;
}

int kb_extract(struct kb_bundle *bundle, const char *dir, const char *const *wanted, size_t n,
	       const struct kb_progress *progress, size_t *ret_n, struct kb_err *err)
{
	kb_autofree bool *used = kb_alloc(n, sizeof(*used));
	struct extract x = {.bundle = bundle,
			    .m = kb_bundle_manifest(bundle),
			    .dirfd = -1,
			    .wanted = wanted,
			    .n_wanted = n,
			    .used = used,
			    .progress = progress,
			    .counting = true};
	int rc = walk(&x, err);

	x.counting = false;
	if (rc == 0)
		rc = check_used(&x, err);
	if (rc == 0)
		rc = open_folder(dir, &x.dirfd, err);
	if (rc == 0)
		rc = walk(&x, err);
	kb_cleanup_close(&x.dirfd);
	if (rc == 0)
		*ret_n = x.written;
	return rc;
}
