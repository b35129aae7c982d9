#include "builder/sbom_packages.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "builder/sbom_licence.h"

void kb_components_free(struct kb_components *list)
{
	for (size_t i = 0; i < list->n; i++) {
		struct kb_component *c = &list->v[i];

		free(c->type);
		free(c->vendor);
		free(c->distro);
		free(c->name);
		free(c->version);
		free(c->arch);
		free(c->licence);
		free(c->download);
	}
	free(list->v);
	memset(list, 0, sizeof(*list));
}

/* The package URL specification: unreserved characters stand, all others are
 * percent-encoded. */
void kb_purl_encode(struct kb_buf *out, const char *s)
{
	for (; *s; s++) {
		if (isalnum((unsigned char)*s) || strchr(".-_~", *s))
			kb_buf_putc(out, *s);
		else
			kb_buf_printf(out, "%%%02X", (unsigned char)*s);
	}
}

char *kb_component_purl(const struct kb_component *c)
{
	struct kb_buf out = KB_BUF_INIT;

	kb_buf_printf(&out, "pkg:%s/", c->type);
	kb_purl_encode(&out, c->vendor);
	kb_buf_putc(&out, '/');
	kb_purl_encode(&out, c->name);
	kb_buf_putc(&out, '@');
	kb_purl_encode(&out, c->version);
	kb_buf_puts(&out, "?arch=");
	kb_purl_encode(&out, c->arch);
	kb_buf_puts(&out, "&distro=");
	kb_purl_encode(&out, c->distro);
	return kb_buf_steal(&out);
}

struct kb_component *kb_components_add(struct kb_components *list, const char *type,
				       const char *vendor, const char *distro, const char *name,
				       const char *version, const char *arch)
{
	struct kb_component *c;

	list->v = kb_grow(list->v, list->n, &list->cap, sizeof(*list->v));
	c = &list->v[list->n++];
	memset(c, 0, sizeof(*c));
	c->type = kb_strdup(type);
	c->vendor = kb_strdup(vendor);
	c->distro = kb_strdup(distro);
	c->name = kb_strdup(name);
	c->version = kb_strdup(version);
	c->arch = kb_strdup(arch);
	return c;
}

/* ---- databases: paragraphs of "KEY: value" or "K:value" lines ---- */

/* The rest of the paragraph's line that begins with KEY, copied; NULL. */
static char *value_of(const char *text, size_t len, const char *key)
{
	size_t n = strlen(key);

	for (const char *line = text, *end = text + len; line < end;) {
		const char *eol = memchr(line, '\n', (size_t)(end - line));
		size_t l = eol ? (size_t)(eol - line) : (size_t)(end - line);

		if (l > n && strncmp(line, key, n) == 0)
			return kb_strndup(line + n, l - n);
		line += l + 1;
	}
	return NULL;
}

static void add_dpkg(const struct kb_sbom_root *root, const char *distro, const char *text,
		     size_t len, struct kb_components *list)
{
	kb_autofree char *name = value_of(text, len, "Package: ");
	kb_autofree char *version = value_of(text, len, "Version: ");
	kb_autofree char *arch = value_of(text, len, "Architecture: ");
	/* where each package has a file of its own there is no such field */
	kb_autofree char *status = value_of(text, len, "Status: ");
	const char *licence;
	struct kb_component *c;

	if (!name || !version || !arch || (status && strcmp(status, "install ok installed") != 0))
		return;
	c = kb_components_add(list, "deb", root->os_id ? root->os_id : "debian", distro, name,
			      version, arch);
	licence = kb_sbom_root_licence(root, name);
	c->licence = licence ? kb_strdup(licence) : NULL;
}

static void add_apk(const struct kb_sbom_root *root, const char *distro, const char *text,
		    size_t len, struct kb_components *list)
{
	kb_autofree char *name = value_of(text, len, "P:");
	kb_autofree char *version = value_of(text, len, "V:");
	kb_autofree char *arch = value_of(text, len, "A:");
	kb_autofree char *licence = value_of(text, len, "L:");
	struct kb_component *c;

	if (!name || !version || !arch)
		return;
	c = kb_components_add(list, "apk", root->os_id ? root->os_id : "alpine", distro, name,
			      version, arch);
	c->licence = licence ? kb_sbom_licence_apk(licence) : NULL;
}

typedef void add_fn(const struct kb_sbom_root *root, const char *distro, const char *text,
		    size_t len, struct kb_components *list);

static void add_paragraphs(const struct kb_sbom_root *root, const struct kb_buf *text, add_fn *add,
			   struct kb_components *list)
{
	kb_autofree char *distro =
		root->os_version
			? kb_format("%s-%s", root->os_id ? root->os_id : "linux", root->os_version)
			: kb_strdup(root->os_id ? root->os_id : "linux");
	const char *p = text->data, *end = p + text->len;

	while (p && p < end) {
		const char *gap = memmem(p, (size_t)(end - p), "\n\n", 2);
		size_t len = gap ? (size_t)(gap - p) + 1 : (size_t)(end - p);

		add(root, distro, p, len, list);
		p += len;
		while (p < end && *p == '\n')
			p++;
	}
}

void kb_components_of_root(const struct kb_sbom_root *root, struct kb_components *list)
{
	add_paragraphs(root, &root->dpkg, add_dpkg, list);
	add_paragraphs(root, &root->apk, add_apk, list);
}
