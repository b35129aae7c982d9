/* index.json, and the indices it may lead to: one manifest of several. */
#include <string.h>

#include "builder/oci_document.h"
#include "core/json_read.h"

enum { INDEX_NESTING_MAX = 4 };

static const char *descriptor_name(const struct kb_value *d)
{
	static const char *const keys[] = {"io.containerd.image.name",
					   "org.opencontainers.image.ref.name"};
	const struct kb_value *annotations = kb_oci_member(d, "annotations");

	for (size_t i = 0; i < 2; i++) {
		const char *text = kb_json_member(annotations, keys[i]);

		if (*text)
			return text;
	}
	return "";
}

static bool descriptor_is_for(const struct kb_value *d, const char *machine)
{
	const struct kb_value *platform = kb_oci_member(d, "platform");

	return !platform || (strcmp(kb_json_member(platform, "os"), "linux") == 0 &&
			     strcmp(kb_json_member(platform, "architecture"), machine) == 0);
}

static void describe(struct kb_buf *buf, const struct kb_value *d)
{
	const struct kb_value *platform = kb_oci_member(d, "platform");
	const char *name = descriptor_name(d);

	kb_buf_printf(buf, "%s%s", buf->len ? ", " : "",
		      *name ? name : kb_json_member(d, "digest"));
	if (platform)
		kb_buf_printf(buf, " (%s/%s)", kb_json_member(platform, "os"),
			      kb_json_member(platform, "architecture"));
}

/* The one descriptor for MACHINE, by TAG when there are several. */
static int choose_descriptor(const char *name, const struct kb_value *manifests,
			     const char *machine, const char *tag, const struct kb_value **ret,
			     struct kb_err *err)
{
	kb_autobuf struct kb_buf inside = KB_BUF_INIT;
	const struct kb_value *found = NULL, *named = NULL;
	size_t n = 0, n_named = 0;

	for (size_t i = 0; i < kb_oci_count(manifests); i++) {
		const struct kb_value *d = kb_oci_at(manifests, i);

		if (inside.len < 400)
			describe(&inside, d);
		if (!descriptor_is_for(d, machine))
			continue;
		found = d;
		n++;
		if (kb_oci_is_named(descriptor_name(d), tag)) {
			named = d;
			n_named++;
		}
	}
	*ret = n == 1 ? found : named;
	if (n == 1 || n_named == 1)
		return 0;
	return kb_err_set(err, KB_E_INVALID, "%s: %zu images for linux/%s, %s; inside are: %s",
			  name, n, machine, n ? "name one as the image's tag" : "one is needed",
			  inside.len ? inside.data : "none");
}

int kb_oci_choose(const char *name, const char *text, size_t len, const char *arch, const char *tag,
		  bool *ret_is_index, struct kb_digest *ret_manifest, struct kb_err *err)
{
	kb_autovalue struct kb_value *index = NULL;
	const struct kb_value *manifests, *d = NULL;
	const char *machine;
	int rc;

	if ((rc = kb_json_parse(name, text, len, &index, err)) < 0 ||
	    (rc = kb_oci_need_machine(arch, &machine, err)) < 0)
		return rc;
	manifests = kb_oci_member(index, "manifests");
	*ret_is_index = kb_oci_is_list(manifests);
	if (!*ret_is_index)
		return 0;
	if (kb_oci_member(index, "layers") || kb_oci_member(index, "config"))
		return kb_err_set(err, KB_E_INVALID, "%s: an index and a manifest at once", name);
	rc = choose_descriptor(name, manifests, machine, tag, &d, err);
	if (rc < 0)
		return rc;
	return kb_oci_digest_at(name, d, "digest", ret_manifest, err);
}

int kb_oci_take_index(const struct kb_oci_source *source, const char *arch, const char *tag,
		      const struct kb_buf *index, struct kb_oci_image *image, struct kb_err *err)
{
	kb_autofree char *name = kb_format("%s: index.json", source->name);
	kb_autobuf struct kb_buf text = KB_BUF_INIT;
	struct kb_digest manifest;
	bool is_index;
	int rc;

	image->has_index = true;
	kb_digest_of(index->data, index->len, &image->index);
	kb_buf_add(&text, index->data, index->len);
	for (int depth = 0; depth < INDEX_NESTING_MAX; depth++) {
		rc = kb_oci_choose(name, text.data, text.len, arch, tag, &is_index, &manifest, err);
		if (rc < 0)
			return rc;
		if (!is_index && depth == 0)
			return kb_err_set(err, KB_E_INVALID, "%s lists no manifests", name);
		if (!is_index)
			return kb_oci_take_manifest(source, arch, &image->manifest, image, err);
		image->manifest = manifest;
		kb_buf_clear(&text);
		rc = kb_oci_read_blob(source, &manifest, &text, err);
		if (rc < 0)
			return rc;
	}
	return kb_err_set(err, KB_E_INVALID, "%s: indices nested deeper than %d", name,
			  INDEX_NESTING_MAX);
}
