#include "builder/site.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "builder/credentials.h"
#include "builder/image_source.h"
#include "builder/lint.h"
#include "builder/packages.h"
#include "builder/pinned.h"
#include "builder/role.h"
#include "builder/site_load.h"
#include "builder/site_settings.h"
#include "builder/site_tree.h"
#include "core/name.h"

enum { PAYLOAD_FILE_MAX = 16 << 20 };

char *kb_site_load_shown(const struct kb_site_load *l, const char *path)
{
	return kb_format("%s/%s", l->site->dir, path);
}

char *kb_site_load_shown_payload(const struct kb_site_load *l, const char *path)
{
	return kb_format("%s/%s", l->site->payload, path);
}

bool kb_site_load_is_id(const char *text)
{
	return kb_name_check_id(text, NULL) == 0;
}

void kb_site_load_strings_add(struct kb_strings *s, const char *text)
{
	s->v = kb_realloc(s->v, s->n + 1, sizeof(*s->v));
	s->v[s->n++] = kb_strdup(text);
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void kb_site_load_strings_sort(struct kb_strings *s)
{
	size_t kept = 0;

	if (s->n)
		qsort(s->v, s->n, sizeof(*s->v), by_bytes);
	for (size_t i = 0; i < s->n; i++) {
		if (kept && strcmp(s->v[kept - 1], s->v[i]) == 0)
			free(s->v[i]);
		else
			s->v[kept++] = s->v[i];
	}
	s->n = kept;
}

void kb_site_load_strings_free(struct kb_strings *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i]);
	free(s->v);
	s->v = NULL;
	s->n = 0;
}

struct kb_strings kb_site_load_words(struct kb_schema_map *map, const char *key,
				     bool (*ok)(const char *text), const char *expected)
{
	const struct kb_yaml_node *node = kb_schema_take(map, key);
	struct kb_strings found = {NULL, 0};
	const char *text;

	if (!node || !kb_schema_as_list(map->in, node, key))
		return found;
	for (size_t i = 0; i < node->n; i++) {
		const struct kb_yaml_node *item = node->members[i].value;

		if (!kb_schema_as_text(map->in, item, key, &text))
			continue;
		if (!ok(text))
			kb_schema_fault(map->in, item, "%s: \"%.100s\" is not %s", key, text,
					expected);
		for (size_t j = 0; j < found.n; j++)
			if (strcmp(found.v[j], text) == 0)
				kb_schema_fault(map->in, item, "%s: \"%.100s\" stands twice", key,
						text);
		kb_site_load_strings_add(&found, text);
	}
	return found;
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), n = strlen(end);

	return len > n && strcmp(text + len - n, end) == 0;
}

static int by_role_name(const void *a, const void *b)
{
	return strcmp(((const struct kb_role *)a)->name, ((const struct kb_role *)b)->name);
}

static void load_roles(struct kb_site_load *l)
{
	struct kb_site *site = l->site;
	struct kb_err err;
	char **names;
	size_t n;

	if (kb_site_tree_names(l->dirfd, "roles", &names, &n, &err) < 0) {
		kb_diag_add(l->diag, site->dir, 0, 0, "%s", err.text);
		return;
	}
	site->roles = kb_alloc(n, sizeof(*site->roles));
	for (size_t i = 0; i < n; i++) {
		kb_autofree char *path = kb_format("roles/%s", names[i]);
		kb_autofree char *shown = kb_site_load_shown(l, path);

		if (ends_with(names[i], ".yaml") && names[i][0] != '.')
			kb_role_load(l, path, &site->roles[site->n_roles++]);
		else if (names[i][0] != '.')
			kb_diag_add(l->diag, shown, 0, 0,
				    "not a role: the name of a role's file ends in .yaml");
		free(names[i]);
	}
	free(names);
	/* "a.yaml" sorts behind "a-b.yaml", "a" before "a-b" */
	if (site->n_roles > 1)
		qsort(site->roles, site->n_roles, sizeof(*site->roles), by_role_name);
}

/* DIR/../payload, without the ".." where the folder has a name. */
static char *payload_beside(const char *dir)
{
	const char *slash = strrchr(dir, '/');
	const char *last = slash ? slash + 1 : dir;

	if (!*last || strcmp(last, ".") == 0 || strcmp(last, "..") == 0)
		return kb_format("%s/../payload", dir);
	return kb_format("%.*spayload", (int)(last - dir), dir);
}

static char *without_last_slashes(const char *dir)
{
	size_t len = strlen(dir);

	while (len > 1 && dir[len - 1] == '/')
		len--;
	return kb_strndup(dir, len);
}

/* A library's template is looked at once for each role that uses it. */
static void drop_repeated(struct kb_diag *diag)
{
	size_t kept = 0;

	for (size_t i = 0; i < diag->n; i++) {
		const struct kb_diag_item *last = kept ? &diag->items[kept - 1] : NULL;
		struct kb_diag_item *item = &diag->items[i];

		if (last && last->line == item->line && last->column == item->column &&
		    !strcmp(last->file, item->file) && !strcmp(last->text, item->text)) {
			free(item->file);
			free(item->text);
		} else {
			diag->items[kept++] = *item;
		}
	}
	diag->n = kept;
}

static void load_file(struct kb_site_load *l, const char *name, bool optional,
		      kb_site_take_fn *take)
{
	kb_autofree char *shown = kb_site_load_shown(l, name);
	kb_autoyaml struct kb_yaml *yaml = NULL;
	struct stat st;

	if (optional && fstatat(l->dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
		return;
	kb_yaml_load(l->dirfd, name, shown, l->diag, &yaml, NULL);
	take(l, yaml ? kb_yaml_root(yaml) : NULL);
}

static void load_all(struct kb_site_load *l)
{
	struct kb_site *site = l->site;

	load_file(l, KB_SITE_FILE, false, kb_site_settings_take);
	load_file(l, KB_CREDENTIALS_FILE, true, kb_site_credentials_take);
	load_file(l, KB_IMAGES_FILE, false, kb_image_source_take);
	load_file(l, KB_PACKAGES_FILE, true, kb_packages_take);
	load_file(l, KB_PINNED_FILE, true, kb_pinned_take);
	load_roles(l);
	/* without these two every name would be undefined */
	for (size_t i = 0; site->product[0] && site->inventory && i < site->n_roles; i++)
		kb_lint_templates(l, &site->roles[i]);
	for (size_t i = 0; i < site->n_roles; i++)
		kb_role_check(l, &site->roles[i]);
	kb_lint_payload(l);
}

int kb_site_load(const char *dir, struct kb_site **ret_site, struct kb_diag *diag,
		 struct kb_err *err)
{
	struct kb_site_load l = {.diag = diag};
	size_t before = kb_diag_count(diag);
	kb_autoclose int dirfd = -1, payloadfd = -1;
	struct kb_site *site;
	int r;

	dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dirfd < 0)
		return kb_err_errno(err, errno == ENOENT ? KB_E_MISSING : KB_E_PATH,
				    "site folder %s", dir);
	site = kb_alloc(1, sizeof(*site));
	site->dir = without_last_slashes(dir);
	site->payload = payload_beside(site->dir);
	payloadfd = open(site->payload, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	l.site = site;
	l.dirfd = dirfd;
	l.payloadfd = payloadfd;
	load_all(&l);
	kb_diag_sort(diag);
	drop_repeated(diag);
	r = kb_diag_result(diag, before, KB_E_INVALID, err);
	if (r < 0) {
		kb_site_free(site);
		return r;
	}
	*ret_site = site;
	return 0;
}

void kb_site_free(struct kb_site *site)
{
	if (!site)
		return;
	for (size_t i = 0; i < site->n_roles; i++)
		kb_role_free(&site->roles[i]);
	free(site->roles);
	for (size_t i = 0; i < site->n_credentials; i++)
		kb_credential_free(&site->credentials[i]);
	free(site->credentials);
	for (size_t i = 0; i < site->n_images; i++)
		kb_image_source_free(&site->images[i]);
	free(site->images);
	kb_packages_free(site->packages);
	kb_pinned_free(site->pinned);
	kb_site_settings_free(site);
	for (size_t i = 0; i < site->n_checked; i++)
		free(site->checked[i].path);
	free(site->checked);
	free(site->images_file);
	free(site->dir);
	free(site->payload);
	free(site);
}

const struct kb_image_source *kb_site_image(const struct kb_site *site, const char *name)
{
	for (size_t i = 0; i < site->n_images; i++)
		if (strcmp(site->images[i].name, name) == 0)
			return &site->images[i];
	return NULL;
}

const struct kb_role *kb_site_role(const struct kb_site *site, const char *name)
{
	for (size_t i = 0; i < site->n_roles; i++)
		if (strcmp(site->roles[i].name, name) == 0)
			return &site->roles[i];
	return NULL;
}

static int by_checked_path(const void *path, const void *file)
{
	return strcmp(path, ((const struct kb_payload_file *)file)->path);
}

int kb_site_payload_read(const struct kb_site *site, const char *path, struct kb_buf *buf,
			 struct kb_err *err)
{
	kb_autoclose int dirfd = open(site->payload, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct kb_payload_file *file = bsearch(path, site->checked, site->n_checked,
						     sizeof(*site->checked), by_checked_path);
	size_t start = buf->len;
	struct kb_digest got;
	int rc;

	if (dirfd < 0)
		return kb_err_errno(err, KB_E_IO, "%s", site->payload);
	rc = kb_site_tree_read(dirfd, path, PAYLOAD_FILE_MAX, buf, err);
	if (rc < 0)
		return kb_err_wrap(err, "%s", site->payload);
	kb_digest_of(buf->data + start, buf->len - start, &got);
	if (!file || !kb_digest_eq(&file->digest, &got))
		return kb_err_set(err, KB_E_INVALID,
				  "%s/%s: was changed after it was checked; run the same command "
				  "again",
				  site->payload, path);
	return 0;
}

int kb_site_wrap(const struct kb_pos *pos, struct kb_err *err, const char *fmt, ...)
{
	char what[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return kb_err_wrap(err, "%s:%u:%u: %s", pos->file, pos->line, pos->column, what);
}
