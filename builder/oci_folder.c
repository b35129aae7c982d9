#include "builder/oci_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "builder/layer.h"
#include "builder/site_tree.h"

int kb_oci_folder_open(struct kb_oci_folder *folder, int dirfd, const char *path,
		       struct kb_err *err)
{
	if (dirfd == AT_FDCWD) {
		folder->fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (folder->fd < 0)
			return kb_err_errno(err, errno == ENOENT ? KB_E_MISSING : KB_E_IO, "%s",
					    path);
	} else {
		folder->fd = kb_site_tree_open_dir(dirfd, path, err);
		if (folder->fd < 0)
			return folder->fd;
	}
	folder->name = kb_strdup(path);
	return 0;
}

void kb_oci_folder_close(struct kb_oci_folder *folder)
{
	kb_cleanup_close(&folder->fd);
	folder->fd = -1;
	free(folder->name);
	folder->name = NULL;
}

static int read_small(void *ctx, const char *path, size_t max, struct kb_buf *buf,
		      struct kb_err *err)
{
	struct kb_oci_folder *folder = ctx;

	return kb_site_tree_read(folder->fd, path, max, buf, err);
}

static int import_layers(void *ctx, struct kb_store *store, struct kb_oci_layer *layers, size_t n,
			 struct kb_err *err)
{
	struct kb_oci_folder *folder = ctx;

	for (size_t i = 0; i < n; i++) {
		struct kb_oci_layer *layer = &layers[i];
		kb_autoclose int fd = kb_site_tree_open(folder->fd, layer->path, err);
		int rc = fd;

		if (fd >= 0)
			rc = kb_layer_import_fd(store, fd, layer->has_blob ? &layer->blob : NULL,
						&layer->diff_id, &layer->size, err);
		else if (fd == KB_E_MISSING)
			rc = kb_err_set(err, KB_E_INVALID, "named but not inside");
		if (rc < 0)
			return kb_err_wrap(err, "%s: layer %zu (%s)", folder->name, i + 1,
					   layer->path);
	}
	return 0;
}

void kb_oci_folder_source(struct kb_oci_folder *folder, const char *blobs,
			  struct kb_oci_source *ret_source)
{
	*ret_source = (struct kb_oci_source){
		.name = folder->name,
		.blobs = blobs,
		.read = read_small,
		.layers = import_layers,
		.ctx = folder,
	};
}
