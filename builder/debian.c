#include "builder/debian.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "builder/apt.h"
#include "builder/debian_filter.h"
#include "builder/debian_repo.h"
#include "builder/image_config.h"
#include "builder/image_record.h"
#include "builder/layer_diff.h"
#include "builder/oci.h"
#include "builder/run.h"
#include "core/file.h"

enum { STATUS_MAX = 64 << 20 };

/* ---- installing ---- */

static void add_names(struct kb_buf *text, const struct kb_debs *debs, char separator)
{
	for (size_t i = 0; i < debs->n; i++) {
		if (i)
			kb_buf_putc(text, separator);
		kb_buf_puts(text, debs->v[i].name);
	}
}

/* The line of sources.list: its words end at white space. */
static char *repository(const char *scratch)
{
	struct kb_buf line = KB_BUF_INIT;

	kb_buf_puts(&line, "deb [trusted=yes] copy://");
	kb_apt_encode(scratch, &line);
	kb_buf_puts(&line, "/repo ./");
	return kb_buf_steal(&line);
}

/* mmdebstrap with OPTIONS (NULL at the end) in SCRATCH, leaving root.tar. */
static int bootstrap(const char *scratch, const char *suite, const char *arch,
		     const char *const *options, struct kb_err *err)
{
	kb_autofree char *machine = kb_format("--architectures=%s", kb_apt_arch(arch));
	kb_autofree char *tmpdir = kb_format("TMPDIR=%s/tmp", scratch);
	kb_autofree char *epoch = kb_format("SOURCE_DATE_EPOCH=%d", KB_DEBIAN_EPOCH);
	kb_autofree char *source = repository(scratch);
	const char *argv[16] = {"mmdebstrap", "--format=tar", machine,
				"--aptopt=APT::Install-Recommends \"false\"",
				"--dpkgopt=force-unsafe-io"};
	const char *const env[] = {tmpdir, epoch, "DEBIAN_FRONTEND=noninteractive", NULL};
	const struct kb_run run = {.argv = argv, .env = env, .dir = scratch};
	size_t n = 5;

	while (*options)
		argv[n++] = *options++;
	argv[n++] = suite;
	argv[n++] = "root.tar";
	argv[n] = source;
	return kb_run(&run, NULL, err);
}

static int install_base(const char *scratch, const struct kb_lock_entry *entry, const char *arch,
			struct kb_err *err)
{
	kb_autobuf struct kb_buf include = KB_BUF_INIT;
	const char *options[] = {"--variant=essential", NULL, NULL};

	kb_buf_puts(&include, "--include=");
	add_names(&include, &entry->base, ',');
	options[1] = include.data;
	return bootstrap(scratch, entry->suite, arch, options, err);
}

/* On top of the lower layer, by apt of this machine working on the new root, as
 * mmdebstrap does it itself after the essential packages. */
static int install_upper(const char *scratch, const struct kb_lock_entry *entry, const char *arch,
			 struct kb_err *err)
{
	static const char *const options[] = {"--variant=custom", "--setup-hook=tar-in base.tar /",
					      "--customize-hook=./install", NULL};
	kb_autofree char *path = kb_format("%s/install", scratch);
	kb_autobuf struct kb_buf script = KB_BUF_INIT;
	int rc;

	kb_buf_puts(&script, "#!/bin/sh\n"
			     "unset TMPDIR\n"
			     "APT_CONFIG=$MMDEBSTRAP_APT_CONFIG\n"
			     "export APT_CONFIG\n"
			     "exec apt-get --yes -oDPkg::Use-Pty=false "
			     "-oDPkg::Chroot-Directory=\"$1\" install ");
	add_names(&script, &entry->packages, ' ');
	kb_buf_putc(&script, '\n');
	rc = kb_file_replace(path, script.data, script.len, 0755, err);
	return rc < 0 ? rc : bootstrap(scratch, entry->suite, arch, options, err);
}

/* ---- is it what the lock says? ---- */

static const struct kb_deb *find_deb(const struct kb_debs *const *lists, size_t n, const char *name)
{
	const struct kb_deb *deb = NULL;

	for (size_t i = 0; i < n && !deb; i++)
		deb = kb_debs_find(lists[i], name);
	return deb;
}

/* The value of FIELD in the paragraph TEXT, copied; "" when it has none. */
static char *field(const char *text, size_t len, const char *name)
{
	size_t n = strlen(name);

	for (const char *line = text, *end = text + len; line < end;) {
		const char *eol = memchr(line, '\n', (size_t)(end - line));
		size_t l = eol ? (size_t)(eol - line) : (size_t)(end - line);

		if (l > n + 2 && strncmp(line, name, n) == 0 && line[n] == ':' &&
		    line[n + 1] == ' ')
			return kb_strndup(line + n + 2, l - n - 2);
		line += l + 1;
	}
	return kb_strdup("");
}

static int check_paragraph(const char *text, size_t len, const struct kb_debs *const *lists,
			   size_t n, struct kb_err *err)
{
	kb_autofree char *name = field(text, len, "Package");
	kb_autofree char *version = field(text, len, "Version");
	kb_autofree char *status = field(text, len, "Status");
	const struct kb_deb *deb = find_deb(lists, n, name);

	if (strcmp(status, "install ok installed") != 0)
		return kb_err_set(err, KB_E_DEPENDENCY, "%s is \"%s\", not installed", name,
				  status);
	if (!deb || strcmp(deb->version, version) != 0)
		return kb_err_set(err, KB_E_DEPENDENCY, "%s %s was installed, the lock says %s",
				  name, version, deb ? deb->version : "nothing of it");
	return 0;
}

static int check_installed(const struct kb_tree *tree, const struct kb_debs *const *lists, size_t n,
			   struct kb_err *err)
{
	const struct kb_tree_entry *e = kb_tree_find(tree, "var/lib/dpkg/status");
	kb_autobuf struct kb_buf text = KB_BUF_INIT;
	size_t found = 0, locked = 0;
	int rc;

	if (!e)
		return kb_err_set(err, KB_E_DEPENDENCY, "mmdebstrap left no dpkg status");
	rc = kb_tree_content(tree, e, STATUS_MAX, &text, err);
	if (rc < 0)
		return rc;
	for (const char *p = text.data; *p;) {
		const char *end = strstr(p, "\n\n");
		size_t len = end ? (size_t)(end - p) + 1 : strlen(p);

		rc = check_paragraph(p, len, lists, n, err);
		if (rc < 0)
			return rc;
		found++;
		p += len;
		p += strspn(p, "\n");
	}
	for (size_t i = 0; i < n; i++)
		locked += lists[i]->n;
	if (found != locked)
		return kb_err_set(err, KB_E_DEPENDENCY, "%zu packages installed, %zu locked", found,
				  locked);
	return 0;
}

/* ---- trees ---- */

static int prepare(const char *scratch, const char *suite, const struct kb_debs *debs,
		   struct kb_store *store, struct kb_err *err)
{
	kb_autofree char *repo = kb_format("%s/repo", scratch);
	kb_autofree char *tmp = kb_format("%s/tmp", scratch);
	int rc;

	if ((rc = kb_mkdirs(repo, 0755, err)) < 0 || (rc = kb_mkdirs(tmp, 0755, err)) < 0)
		return rc;
	return kb_debian_repo_make(repo, suite, debs, store, err);
}

/* Where the upper layer's installation finds the lower one. */
static int link_base(const char *scratch, const struct kb_digest *base, struct kb_store *store,
		     struct kb_err *err)
{
	const char *hex = kb_digest_hex(base);
	kb_autofree char *name = kb_format("%s/base.tar", scratch);
	kb_autofree char *blob = kb_format("%s/sha256/%.2s/%s", kb_store_dir(store), hex, hex + 2);

	return symlink(blob, name) < 0 ? kb_err_errno(err, KB_E_IO, "%s", name) : 0;
}

/* The cleaned tree of an installation of the lower layer, or, when BASE is
 * given, of everything on top of that one. */
static int make_tree(const struct kb_lock_entry *entry, const char *arch,
		     const struct kb_digest *base, struct kb_store *store, struct kb_tree *tree,
		     struct kb_err *err)
{
	const struct kb_debs *const lists[] = {&entry->base, &entry->packages};
	kb_autoscratch char *scratch = NULL;
	kb_autofree char *tar = NULL;
	kb_autoclose int fd = -1;
	int rc;

	if ((rc = kb_store_scratch(store, &scratch, err)) < 0 ||
	    (rc = prepare(scratch, entry->suite, lists[base != NULL], store, err)) < 0 ||
	    (base && (rc = link_base(scratch, base, store, err)) < 0))
		return rc;
	rc = base ? install_upper(scratch, entry, arch, err)
		  : install_base(scratch, entry, arch, err);
	if (rc < 0)
		return rc;
	tar = kb_format("%s/root.tar", scratch);
	fd = open(tar, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return kb_err_errno(err, KB_E_DEPENDENCY, "mmdebstrap left no %s", tar);
	if ((rc = kb_tree_read(tree, fd, kb_store_dir(store), kb_debian_filter, err)) < 0)
		return kb_err_wrap(err, "what mmdebstrap made");
	return check_installed(tree, lists, base ? 2 : 1, err);
}

static void base_key(const struct kb_lock_entry *entry, struct kb_digest *ret_key)
{
	kb_autobuf struct kb_buf text = KB_BUF_INIT;

	kb_buf_printf(&text, "debian base %d\nsuite %s\n", KB_DEBIAN_RECIPE, entry->suite);
	kb_debs_text(&entry->base, "", &text);
	kb_digest_of(text.data, text.len, ret_key);
}

static int make_base(const struct kb_lock_entry *entry, const char *arch, struct kb_store *store,
		     struct kb_image_content *base, struct kb_err *err)
{
	kb_autotree struct kb_tree tree = KB_TREE_INIT;
	int rc;

	if ((rc = make_tree(entry, arch, NULL, store, &tree, err)) < 0)
		return rc;
	base->origin = kb_format("debian %s", entry->suite);
	base->layers = kb_alloc(2, sizeof(*base->layers));
	base->sizes = kb_alloc(2, sizeof(*base->sizes));
	base->n_layers = 1;
	return kb_tree_write(&tree, NULL, NULL, 0, store, &base->layers[0], &base->sizes[0], err);
}

/* The lower layer, made once for all that share it. */
static int need_base(const struct kb_lock_entry *entry, const char *arch, struct kb_store *store,
		     struct kb_image_content *base, struct kb_err *err)
{
	struct kb_digest key;
	int rc;

	base_key(entry, &key);
	rc = kb_image_record_get(store, &key, base, err);
	if (rc == 0 && base->n_layers == 1 && kb_store_check(store, &base->layers[0], NULL) == 0)
		return 0;
	if (rc < 0 && rc != KB_E_MISSING && rc != KB_E_DAMAGED)
		return rc;
	kb_image_content_free(base);
	if ((rc = make_base(entry, arch, store, base, err)) < 0)
		return kb_err_wrap(err, "lower layer of %s", entry->suite);
	return kb_image_record_put(store, &key, base, err);
}

static int read_layer(struct kb_store *store, const struct kb_digest *layer, struct kb_tree *tree,
		      struct kb_err *err)
{
	kb_autoclose int fd = -1;
	int rc = kb_store_read(store, layer, &fd, NULL, err);

	return rc < 0 ? rc : kb_tree_read(tree, fd, NULL, NULL, err);
}

static int add_upper(const struct kb_lock_entry *entry, const char *arch, struct kb_store *store,
		     struct kb_image_content *content, struct kb_err *err)
{
	kb_autotree struct kb_tree base = KB_TREE_INIT, full = KB_TREE_INIT;
	struct kb_digest layer;
	uint64_t size;
	int rc;

	if (!entry->packages.n)
		return 0;
	if ((rc = read_layer(store, &content->layers[0], &base, err)) < 0 ||
	    (rc = make_tree(entry, arch, &content->layers[0], store, &full, err)) < 0 ||
	    (rc = kb_layer_diff(&base, &full, store, &layer, &size, err)) < 0)
		return rc;
	if (!size)
		return 0;
	content->layers = kb_realloc(content->layers, 2, sizeof(*content->layers));
	content->sizes = kb_realloc(content->sizes, 2, sizeof(*content->sizes));
	content->layers[1] = layer;
	content->sizes[1] = size;
	content->n_layers = 2;
	return 0;
}

int kb_debian_build(const struct kb_lock_entry *entry, const struct kb_image_source *source,
		    const char *arch, struct kb_store *store, struct kb_image_content *ret_content,
		    struct kb_err *err)
{
	struct kb_image_content content = {0};
	kb_autobuf struct kb_buf config = KB_BUF_INIT;
	int rc;

	if ((rc = need_base(entry, arch, store, &content, err)) == 0 &&
	    (rc = add_upper(entry, arch, store, &content, err)) == 0) {
		kb_image_config_text(source, kb_oci_arch(arch), KB_DEBIAN_EPOCH_TEXT, &content,
				     &config);
		rc = kb_store_put(store, config.data, config.len, &content.config, err);
	}
	if (rc < 0) {
		kb_image_content_free(&content);
		return rc;
	}
	free(content.origin);
	content.origin = kb_format("debian %s, %zu packages from %s", entry->suite,
				   entry->base.n + entry->packages.n, entry->mirror);
	*ret_content = content;
	return 0;
}
