#include "core/manifest.h"

#include <stdlib.h>
#include <string.h>

#include "core/bytes.h"
#include "core/format.h"
#include "core/manifest_check.h"
#include "core/utf8.h"
#include "core/value.h"

/* Mirror of manifest_write.c. The first thing that is wrong is kept in ERR and
 * makes the cursor bad: every later take gives zeros and empty strings, so the
 * record functions need no checks of their own. */
struct reader {
	struct kb_cursor c;
	struct kb_err *err;
	int rc;
	size_t values; /* nodes of variables seen */
};

static void refuse(struct reader *r, const char *what, uint64_t value)
{
	r->c.bad = true;
	if (r->rc == 0)
		r->rc = kb_err_set(r->err, KB_E_INVALID, "manifest: %s (%llu)", what,
				   (unsigned long long)value);
}

/* A count is bounded by its maximum and by the bytes that are left, before
 * anything is allocated for it. */
static size_t take_count(struct reader *r, size_t max, size_t record_min, const char *what)
{
	uint32_t n = kb_take32(&r->c);

	if (n > max || n > r->c.left / record_min) {
		refuse(r, what, n);
		return 0;
	}
	return n;
}

static char *take_text(struct reader *r, size_t len, bool one_line)
{
	const uint8_t *p = kb_take(&r->c, len);
	const char *s = (const char *)p;

	if (!p)
		return kb_strdup("");
	if (len > KB_STRING_MAX || memchr(p, 0, len) || !kb_utf8_valid(s, len)) {
		refuse(r, "a string that is too long or not text", len);
		return kb_strdup("");
	}
	for (size_t i = 0; one_line && i < len; i++)
		if (p[i] < 0x20 || p[i] == 0x7f) {
			refuse(r, "a string with a control character", p[i]);
			return kb_strdup("");
		}
	return kb_strndup(s, len);
}

static char *take_string(struct reader *r)
{
	return take_text(r, kb_take16(&r->c), true);
}

static void take_string_into(struct reader *r, char **field)
{
	free(*field);
	*field = take_string(r);
}

static char **take_strings(struct reader *r, size_t *ret_n, const char *what)
{
	size_t n = take_count(r, KB_LIST_MAX, 2, what);
	char **v = kb_alloc(n, sizeof(*v));

	for (size_t i = 0; i < n; i++)
		v[i] = take_string(r);
	*ret_n = n;
	return v;
}

static void take_digest(struct reader *r, struct kb_digest *digest)
{
	const uint8_t *p = kb_take(&r->c, KB_DIGEST_LEN);

	if (p)
		memcpy(digest->b, p, KB_DIGEST_LEN);
}

static struct kb_value *take_value(struct reader *r, unsigned depth);

static void take_members(struct reader *r, struct kb_value *into, unsigned depth)
{
	bool map = kb_value_kind(into) == KB_VALUE_MAP;
	size_t n = take_count(r, KB_VALUES_MAX, 1, "too many variables");

	for (size_t i = 0; i < n && !r->c.bad; i++) {
		kb_autofree char *key = map ? take_string(r) : NULL;
		struct kb_value *member = take_value(r, depth + 1);

		if (map)
			kb_value_set(into, key, member);
		else
			kb_value_push(into, member);
	}
}

static struct kb_value *take_value(struct reader *r, unsigned depth)
{
	uint8_t kind = kb_take8(&r->c);
	struct kb_value *value;
	kb_autofree char *text = NULL;

	if (depth > KB_VALUE_DEPTH || ++r->values > KB_VALUES_MAX) {
		refuse(r, "variables nested too deep, or too many", depth);
		return kb_value_null();
	}
	switch (kind) {
	case KB_VALUE_BOOL: return kb_value_bool(kb_take8(&r->c) != 0);
	case KB_VALUE_TEXT:
		text = take_text(r, kb_take16(&r->c), false);
		return kb_value_text(text);
	case KB_VALUE_LIST: value = kb_value_list(); break;
	case KB_VALUE_MAP: value = kb_value_map(); break;
	default:
		if (kind != KB_VALUE_NULL)
			refuse(r, "a variable of unknown kind", kind);
		return kb_value_null();
	}
	take_members(r, value, depth);
	return value;
}

static void take_release(struct reader *r, struct kb_manifest *m)
{
	take_string_into(r, &m->product);
	take_string_into(r, &m->role);
	take_string_into(r, &m->version);
	take_string_into(r, &m->channel);
	take_string_into(r, &m->arch);
	take_string_into(r, &m->summary);
	m->epoch = kb_take64(&r->c);
	m->counter = kb_take64(&r->c);
	m->not_before = kb_take64(&r->c);
	m->not_after = kb_take64(&r->c);
}

static void take_needs(struct reader *r, struct kb_manifest *m)
{
	take_string_into(r, &m->engine);
	m->memory_mib = kb_take32(&r->c);
	m->n_ports = take_count(r, KB_LIST_MAX, 2, "too many ports");
	m->ports = kb_alloc(m->n_ports, sizeof(*m->ports));
	for (size_t i = 0; i < m->n_ports; i++)
		m->ports[i] = kb_take16(&r->c);
	m->n_credentials = take_count(r, KB_LIST_MAX, 9, "too many credentials");
	m->credentials = kb_alloc(m->n_credentials, sizeof(*m->credentials));
	for (size_t i = 0; i < m->n_credentials; i++) {
		m->credentials[i].module = take_string(r);
		m->credentials[i].variable = take_string(r);
		m->credentials[i].kind = kb_take8(&r->c);
		m->credentials[i].length = kb_take16(&r->c);
		m->credentials[i].text = take_string(r);
	}
	kb_value_free(m->variables);
	m->variables = take_value(r, 0);
	if (kb_value_kind(m->variables) != KB_VALUE_MAP)
		refuse(r, "variables are not a map", 0);
}

static void take_target(struct reader *r, struct kb_manifest *m)
{
	m->n_os = take_count(r, KB_LIST_MAX, 6, "too many systems");
	m->os = kb_alloc(m->n_os, sizeof(*m->os));
	for (size_t i = 0; i < m->n_os; i++) {
		m->os[i].id = take_string(r);
		m->os[i].min = take_string(r);
		m->os[i].max = take_string(r);
	}
	take_string_into(r, &m->select_role);
	take_string_into(r, &m->select_subrole);
	take_string_into(r, &m->select_stack);
	m->hosts_min = kb_take32(&r->c);
	m->hosts_odd = kb_take8(&r->c) != 0;
}

static void take_image(struct reader *r, struct kb_image *image)
{
	image->name = take_string(r);
	image->reference = take_string(r);
	image->origin = take_string(r);
	image->config = kb_take32(&r->c);
	image->n_layers = take_count(r, KB_LAYERS_MAX, 4, "too many layers");
	image->layers = kb_alloc(image->n_layers, sizeof(*image->layers));
	for (size_t i = 0; i < image->n_layers; i++)
		image->layers[i] = kb_take32(&r->c);
}

static void take_content(struct reader *r, struct kb_manifest *m)
{
	m->n_blobs = take_count(r, KB_BLOBS_MAX, 40, "too many blobs");
	m->blobs = kb_alloc(m->n_blobs, sizeof(*m->blobs));
	for (size_t i = 0; i < m->n_blobs; i++) {
		take_digest(r, &m->blobs[i].digest);
		m->blobs[i].size = kb_take64(&r->c);
	}
	m->n_files = take_count(r, KB_FILES_MAX, 8, "too many files");
	m->files = kb_alloc(m->n_files, sizeof(*m->files));
	for (size_t i = 0; i < m->n_files; i++) {
		m->files[i].path = take_string(r);
		m->files[i].mode = kb_take16(&r->c);
		m->files[i].blob = kb_take32(&r->c);
	}
	m->n_images = take_count(r, KB_IMAGES_MAX, 14, "too many images");
	m->images = kb_alloc(m->n_images, sizeof(*m->images));
	for (size_t i = 0; i < m->n_images; i++)
		take_image(r, &m->images[i]);
	m->n_packages = take_count(r, KB_PACKAGES_MAX, 12, "too many packages");
	m->packages = kb_alloc(m->n_packages, sizeof(*m->packages));
	for (size_t i = 0; i < m->n_packages; i++) {
		m->packages[i].release = take_string(r);
		m->packages[i].name = take_string(r);
		m->packages[i].version = take_string(r);
		m->packages[i].arch = take_string(r);
		m->packages[i].blob = kb_take32(&r->c);
	}
}

static void take_step(struct reader *r, struct kb_step *step)
{
	step->id = take_string(r);
	step->phase = kb_take8(&r->c);
	step->kind = kb_take8(&r->c);
	step->flags = kb_take8(&r->c);
	step->uid = kb_take32(&r->c);
	step->gid = kb_take32(&r->c);
	step->mode = kb_take16(&r->c);
	step->timeout = kb_take32(&r->c);
	step->source = take_string(r);
	step->target = take_string(r);
	step->args = take_strings(r, &step->n_args, "too many arguments");
	step->watch = take_strings(r, &step->n_watch, "too many watched steps");
}

static void take_storage(struct reader *r, struct kb_manifest *m)
{
	take_digest(r, &m->release_set);
	take_digest(r, &m->stub);
	take_string_into(r, &m->builder);
	take_string_into(r, &m->zstd);
	m->level = kb_take8(&r->c);
	m->n_chunks = take_count(r, KB_CHUNKS_MAX, 40, "too many chunks");
	m->chunks = kb_alloc(m->n_chunks, sizeof(*m->chunks));
	for (size_t i = 0; i < m->n_chunks; i++) {
		m->chunks[i].stored = kb_take32(&r->c);
		m->chunks[i].plain = kb_take32(&r->c);
		take_digest(r, &m->chunks[i].digest);
	}
	for (size_t i = 0; i < m->n_blobs; i++) {
		m->blobs[i].chunk = kb_take32(&r->c);
		m->blobs[i].offset = kb_take32(&r->c);
	}
	m->total_size = kb_take64(&r->c);
}

static void take_manifest(struct reader *r, struct kb_manifest *m)
{
	take_release(r, m);
	take_target(r, m);
	take_needs(r, m);
	take_content(r, m);
	m->n_steps = take_count(r, KB_STEPS_MAX, 29, "too many steps");
	m->steps = kb_alloc(m->n_steps, sizeof(*m->steps));
	for (size_t i = 0; i < m->n_steps; i++)
		take_step(r, &m->steps[i]);
	take_storage(r, m);
}

/* One encoding only: a flag of 2, map keys out of order, a key twice, would
 * all read fine and come out different. */
static int check_canonical(struct kb_manifest *m, const uint8_t *bytes, size_t len,
			   struct kb_err *err)
{
	kb_autobuf struct kb_buf again = KB_BUF_INIT;

	kb_manifest_write(m, &again);
	if (again.len != len || memcmp(again.data, bytes, len) != 0)
		return kb_err_set(err, KB_E_INVALID, "manifest: not in canonical form");
	return 0;
}

int kb_manifest_read(const uint8_t *bytes, size_t len, struct kb_manifest **ret_m,
		     struct kb_err *err)
{
	struct kb_manifest *m = kb_manifest_new();
	struct reader r = {.c = {.at = bytes, .left = len}, .err = err};

	take_manifest(&r, m);
	if (r.rc == 0 && r.c.bad)
		r.rc = kb_err_set(err, KB_E_INVALID, "manifest: ends in the middle of a record");
	if (r.rc == 0 && r.c.left)
		refuse(&r, "bytes follow the last record", r.c.left);
	if (r.rc == 0)
		r.rc = check_canonical(m, bytes, len, err);
	if (r.rc == 0)
		r.rc = kb_manifest_check(m, err);
	if (r.rc < 0) {
		kb_manifest_free(m);
		return r.rc;
	}
	*ret_m = m;
	return 0;
}
