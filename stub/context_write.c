#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "core/mem.h"
#include "core/path.h"
#include "stub/context.h"
#include "stub/paths.h"
#include "stub/target.h"

static void list_peers(const struct kb_manifest *m, const struct kb_inventory *inventory,
		       struct kb_buf *out)
{
	struct kb_inventory_filter filter;
	const struct kb_host *host;
	size_t at = 0;

	kb_target_filter(m, &filter);
	while ((host = kb_inventory_next(inventory, &filter, &at)))
		kb_buf_printf(out, "%s %s %s\n", host->name, host->address, host->subrole);
}

static void list_images(const struct kb_manifest *m, struct kb_buf *out)
{
	for (size_t i = 0; i < m->n_images; i++) {
		const struct kb_image *image = &m->images[i];

		kb_buf_printf(out, "%s sha256:%s %s\n", image->name,
			      kb_digest_hex(&m->blobs[image->config].digest), image->reference);
	}
}

static int write_fact(int dirfd, const char *name, const struct kb_buf *text, struct kb_err *err)
{
	kb_autonewfile struct kb_newfile nf = KB_NEWFILE_INIT;
	kb_autobuf struct kb_buf old = KB_BUF_INIT;
	int rc;

	if (kb_file_read_at(dirfd, name, text->len + 1, &old, NULL) == 0 && old.len == text->len &&
	    memcmp(old.data, text->data, text->len) == 0)
		return 0;
	if ((rc = kb_newfile_open_at(&nf, dirfd, name, 0600, err)) < 0 ||
	    (rc = kb_write_full(nf.fd, text->data, text->len, err)) < 0)
		return rc;
	return kb_newfile_commit(&nf, (uid_t)-1, (gid_t)-1, err);
}

int kb_context_write(int rootfd, const struct kb_manifest *m, const struct kb_inventory *inventory,
		     char **ret_path, struct kb_err *err)
{
	kb_autofree char *path = kb_format(KB_PATH_RUN "/%s/context", m->role);
	kb_autobuf struct kb_buf peers = KB_BUF_INIT, images = KB_BUF_INIT;
	kb_autoclose int dirfd = -1;
	int rc = kb_path_make_dir(rootfd, path, 0700, NULL, &dirfd, err);

	kb_buf_reserve(&peers, 0);
	kb_buf_reserve(&images, 0);
	list_peers(m, inventory, &peers);
	list_images(m, &images);
	if (rc < 0 || (rc = kb_path_sweep(dirfd, err)) < 0 ||
	    (rc = write_fact(dirfd, "peers", &peers, err)) < 0 ||
	    (rc = write_fact(dirfd, "images", &images, err)) < 0)
		return kb_err_wrap(err, "facts for scripts");
	*ret_path = kb_steal(path);
	return 0;
}
