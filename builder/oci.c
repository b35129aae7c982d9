#include "builder/oci.h"

#include <stdlib.h>
#include <string.h>

#include "core/json_read.h"
#include "core/name.h"

enum { INDEX_NESTING_MAX = 4 };

void kb_oci_image_free(struct kb_oci_image *image)
{
	for (size_t i = 0; i < image->n_layers; i++)
		free(image->layers[i].path);
	free(image->layers);
	kb_buf_free(&image->config_text);
	memset(image, 0, sizeof(*image));
}

const char *kb_oci_arch(const char *arch)
{
	static const char *const names[][2] = {
		{"x86_64", "amd64"},    {"aarch64", "arm64"},   {"armv7l", "arm"},
		{"i686", "386"},        {"ppc64le", "ppc64le"}, {"s390x", "s390x"},
		{"riscv64", "riscv64"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(arch, names[i][0]) == 0)
			return names[i][1];
	return NULL;
}

static int need_arch(const char *arch, const char **ret_name, struct kb_err *err)
{
	*ret_name = kb_oci_arch(arch);
	if (!*ret_name)
		return kb_err_set(err, KB_E_INVALID, "no image architecture is known for %s", arch);
	return 0;
}

/* "sha256:HEX" */
static bool parse_digest(const char *text, struct kb_digest *ret)
{
	return strncmp(text, "sha256:", 7) == 0 && kb_digest_parse(text + 7, ret);
}

static int digest_at(const char *name, const struct kb_value *map, const char *key,
		     struct kb_digest *ret, struct kb_err *err)
{
	const char *text = kb_json_member(map, key);

	if (!parse_digest(text, ret))
		return kb_err_set(err, KB_E_INVALID, "%s: %s \"%s\" is not sha256:..", name, key,
				  text);
	return 0;
}

/* Whatever was expected may be absent or something else: then it is NULL, 0 or
 * nothing, and the check that follows says what is missing. */
static const struct kb_value *member(const struct kb_value *map, const char *key)
{
	return map ? kb_value_get(map, key) : NULL;
}

static bool is_list(const struct kb_value *v)
{
	return v && kb_value_kind(v) == KB_VALUE_LIST;
}

static size_t count(const struct kb_value *v)
{
	return is_list(v) ? kb_value_count(v) : 0;
}

static const struct kb_value *at(const struct kb_value *list, size_t i)
{
	return i < count(list) ? kb_value_at(list, i) : NULL;
}

static const char *text_of(const struct kb_value *v)
{
	return v && kb_value_kind(v) == KB_VALUE_TEXT ? kb_value_str(v, NULL) : "";
}

/* ---- reading documents ---- */

static int read_document(const struct kb_oci_source *source, const char *path, struct kb_buf *buf,
			 struct kb_err *err)
{
	int rc = source->read(source->ctx, path, KB_OCI_DOCUMENT_MAX, buf, err);

	if (rc == KB_E_MISSING)
		return kb_err_set(err, KB_E_INVALID, "%s: %s is named but not inside", source->name,
				  path);
	return rc;
}

static int read_blob(const struct kb_oci_source *source, const struct kb_digest *digest,
		     struct kb_buf *buf, struct kb_err *err)
{
	kb_autofree char *path = kb_format("%s%s", source->blobs, kb_digest_hex(digest));
	struct kb_digest got;
	int rc = read_document(source, path, buf, err);

	if (rc < 0)
		return rc;
	kb_digest_of(buf->data, buf->len, &got);
	if (!kb_digest_eq(&got, digest))
		return kb_err_set(err, KB_E_DAMAGED, "%s: %s has sha256 %s", source->name, path,
				  kb_digest_hex(&got));
	return 0;
}

/* ---- config ---- */

/* IMAGE has its config's text and layers; give the layers their diffIDs. */
static int take_config(const struct kb_oci_source *source, const char *arch,
		       struct kb_oci_image *image, struct kb_err *err)
{
	kb_autofree char *name = kb_format("%s: config", source->name);
	kb_autovalue struct kb_value *config = NULL;
	const struct kb_value *rootfs, *ids;
	const char *machine, *is_os, *is_arch;
	size_t n;
	int rc;

	rc = kb_json_parse(name, image->config_text.data, image->config_text.len, &config, err);
	if (rc < 0 || (rc = need_arch(arch, &machine, err)) < 0)
		return rc;
	is_os = kb_json_member(config, "os");
	is_arch = kb_json_member(config, "architecture");
	if (strcmp(is_os, "linux") != 0 || strcmp(is_arch, machine) != 0)
		return kb_err_set(err, KB_E_INVALID, "%s: for %s/%s, the site wants linux/%s", name,
				  is_os, is_arch, machine);
	rootfs = member(config, "rootfs");
	ids = member(rootfs, "diff_ids");
	if (strcmp(kb_json_member(rootfs, "type"), "layers") != 0 || !is_list(ids))
		return kb_err_set(err, KB_E_INVALID, "%s: no rootfs of layers", name);
	n = count(ids);
	if (n != image->n_layers)
		return kb_err_set(err, KB_E_INVALID, "%s: %zu diffIDs for %zu layers", name, n,
				  image->n_layers);
	for (size_t i = 0; i < n; i++) {
		const char *id = text_of(at(ids, i));

		if (!parse_digest(id, &image->layers[i].diff_id))
			return kb_err_set(err, KB_E_INVALID, "%s: diffID %zu is not sha256:..",
					  name, i + 1);
	}
	return 0;
}

/* ---- manifest ---- */

static int take_layers(const struct kb_oci_source *source, const char *name,
		       const struct kb_value *layers, struct kb_oci_image *image,
		       struct kb_err *err)
{
	size_t n = count(layers);
	int rc;

	if (n == 0 || n > KB_OCI_LAYERS_MAX)
		return kb_err_set(err, KB_E_INVALID, "%s: %zu layers, 1 to %d are possible", name,
				  n, KB_OCI_LAYERS_MAX);
	image->layers = kb_alloc(n, sizeof(*image->layers));
	for (size_t i = 0; i < n; i++) {
		struct kb_oci_layer *layer = &image->layers[image->n_layers];

		rc = digest_at(name, at(layers, i), "digest", &layer->blob, err);
		if (rc < 0)
			return rc;
		layer->has_blob = true;
		layer->path = kb_format("%s%s", source->blobs, kb_digest_hex(&layer->blob));
		image->n_layers++;
	}
	return 0;
}

static int find_manifest(const struct kb_oci_source *source, const char *arch,
			 const struct kb_digest *digest, struct kb_oci_image *image,
			 struct kb_err *err)
{
	kb_autofree char *name = kb_format("%s: manifest %s", source->name, kb_digest_hex(digest));
	kb_autovalue struct kb_value *manifest = NULL;
	kb_autobuf struct kb_buf text = KB_BUF_INIT;
	int rc;

	image->has_manifest = true;
	image->manifest = *digest;
	if ((rc = read_blob(source, digest, &text, err)) < 0 ||
	    (rc = kb_json_parse(name, text.data, text.len, &manifest, err)) < 0 ||
	    (rc = digest_at(name, member(manifest, "config"), "digest", &image->config, err)) < 0 ||
	    (rc = take_layers(source, name, member(manifest, "layers"), image, err)) < 0 ||
	    (rc = read_blob(source, &image->config, &image->config_text, err)) < 0)
		return rc;
	return take_config(source, arch, image, err);
}

int kb_oci_find_manifest(const struct kb_oci_source *source, const char *arch,
			 const struct kb_digest *manifest, struct kb_oci_image *ret_image,
			 struct kb_err *err)
{
	struct kb_oci_image image = {0};
	int rc = find_manifest(source, arch, manifest, &image, err);

	if (rc < 0)
		kb_oci_image_free(&image);
	else
		*ret_image = image;
	return rc;
}

int kb_oci_config_of(const char *name, const char *text, size_t len, struct kb_digest *ret_config,
		     struct kb_err *err)
{
	kb_autovalue struct kb_value *manifest = NULL;
	int rc = kb_json_parse(name, text, len, &manifest, err);

	if (rc < 0)
		return rc;
	return digest_at(name, member(manifest, "config"), "digest", ret_config, err);
}

/* ---- index ---- */

/* "redis:8" is meant by "redis:8", "docker.io/library/redis:8" and, as the
 * OCI annotation is often written, by "8". */
static bool is_named(const char *candidate, const char *tag)
{
	size_t c = strlen(candidate), t = strlen(tag);
	const char *colon = strrchr(tag, ':');

	if (!c || !t)
		return false;
	if (strcmp(candidate, tag) == 0)
		return true;
	if (c > t && candidate[c - t - 1] == '/' && strcmp(candidate + c - t, tag) == 0)
		return true;
	return colon && strcmp(candidate, colon + 1) == 0;
}

static const char *descriptor_name(const struct kb_value *d)
{
	static const char *const keys[] = {"io.containerd.image.name",
					   "org.opencontainers.image.ref.name"};
	const struct kb_value *annotations = member(d, "annotations");

	for (size_t i = 0; i < 2; i++) {
		const char *text = kb_json_member(annotations, keys[i]);

		if (*text)
			return text;
	}
	return "";
}

static bool descriptor_is_for(const struct kb_value *d, const char *machine)
{
	const struct kb_value *platform = member(d, "platform");

	return !platform || (strcmp(kb_json_member(platform, "os"), "linux") == 0 &&
			     strcmp(kb_json_member(platform, "architecture"), machine) == 0);
}

static void describe(struct kb_buf *buf, const struct kb_value *d)
{
	const struct kb_value *platform = member(d, "platform");
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

	for (size_t i = 0; i < count(manifests); i++) {
		const struct kb_value *d = at(manifests, i);

		if (inside.len < 400)
			describe(&inside, d);
		if (!descriptor_is_for(d, machine))
			continue;
		found = d;
		n++;
		if (is_named(descriptor_name(d), tag)) {
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
	    (rc = need_arch(arch, &machine, err)) < 0)
		return rc;
	manifests = member(index, "manifests");
	*ret_is_index = is_list(manifests);
	if (!*ret_is_index)
		return 0;
	if (member(index, "layers") || member(index, "config"))
		return kb_err_set(err, KB_E_INVALID, "%s: an index and a manifest at once", name);
	rc = choose_descriptor(name, manifests, machine, tag, &d, err);
	if (rc < 0)
		return rc;
	return digest_at(name, d, "digest", ret_manifest, err);
}

static int find_by_index(const struct kb_oci_source *source, const char *arch, const char *tag,
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
			return find_manifest(source, arch, &image->manifest, image, err);
		image->manifest = manifest;
		kb_buf_clear(&text);
		rc = read_blob(source, &manifest, &text, err);
		if (rc < 0)
			return rc;
	}
	return kb_err_set(err, KB_E_INVALID, "%s: indices nested deeper than %d", name,
			  INDEX_NESTING_MAX);
}

/* ---- docker save: manifest.json at the top ---- */

static void describe_tags(struct kb_buf *buf, const struct kb_value *item)
{
	const struct kb_value *tags = member(item, "RepoTags");
	const char *tag = text_of(at(tags, 0));

	kb_buf_printf(buf, "%s%s", buf->len ? ", " : "",
		      *tag ? tag : kb_json_member(item, "Config"));
}

static bool has_tag(const struct kb_value *item, const char *tag)
{
	const struct kb_value *tags = member(item, "RepoTags");

	for (size_t i = 0; i < count(tags); i++) {
		const char *text = text_of(at(tags, i));

		if (is_named(text, tag))
			return true;
	}
	return false;
}

static int choose_item(const char *name, const struct kb_value *list, const char *tag,
		       const struct kb_value **ret, struct kb_err *err)
{
	kb_autobuf struct kb_buf inside = KB_BUF_INIT;
	size_t n = count(list), n_named = 0;

	if (n == 0)
		return kb_err_set(err, KB_E_INVALID, "%s lists no image", name);
	*ret = at(list, 0);
	if (n == 1)
		return 0;
	for (size_t i = 0; i < n; i++) {
		const struct kb_value *item = at(list, i);

		if (inside.len < 400)
			describe_tags(&inside, item);
		if (has_tag(item, tag)) {
			*ret = item;
			n_named++;
		}
	}
	if (n_named == 1)
		return 0;
	return kb_err_set(err, KB_E_INVALID,
			  "%s: %zu images, name one as the image's tag; inside are: %s", name, n,
			  inside.data);
}

/* Names that carry the digest of what they name: HEX.json, sha256:HEX,
 * blobs/sha256/HEX. */
static bool digest_in_name(const char *path, struct kb_digest *ret)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	size_t len = strlen(base);
	char hex[KB_HEX_LEN + 1];

	if (strncmp(base, "sha256:", 7) == 0) {
		base += 7;
		len -= 7;
	}
	if (len != KB_HEX_LEN &&
	    !(len == KB_HEX_LEN + 5 && strcmp(base + KB_HEX_LEN, ".json") == 0))
		return false;
	memcpy(hex, base, KB_HEX_LEN);
	hex[KB_HEX_LEN] = '\0';
	return kb_digest_parse(hex, ret);
}

static int take_docker_layers(const char *name, const struct kb_value *list,
			      struct kb_oci_image *image, struct kb_err *err)
{
	size_t n = count(list);
	int rc;

	if (n == 0 || n > KB_OCI_LAYERS_MAX)
		return kb_err_set(err, KB_E_INVALID, "%s: %zu layers, 1 to %d are possible", name,
				  n, KB_OCI_LAYERS_MAX);
	image->layers = kb_alloc(n, sizeof(*image->layers));
	for (size_t i = 0; i < n; i++) {
		struct kb_oci_layer *layer = &image->layers[image->n_layers];
		const char *path = text_of(at(list, i));

		rc = kb_name_check_relative(path, err);
		if (rc < 0)
			return kb_err_wrap(err, "%s: layer %zu", name, i + 1);
		layer->path = kb_strdup(path);
		layer->has_blob = strncmp(path, "blobs/sha256/", 13) == 0 &&
				  kb_digest_parse(path + 13, &layer->blob);
		image->n_layers++;
	}
	return 0;
}

static int find_by_docker(const struct kb_oci_source *source, const char *arch, const char *tag,
			  const struct kb_buf *text, struct kb_oci_image *image, struct kb_err *err)
{
	kb_autofree char *name = kb_format("%s: manifest.json", source->name);
	kb_autovalue struct kb_value *list = NULL;
	const struct kb_value *item = NULL;
	struct kb_digest listed;
	const char *path;
	int rc;

	if ((rc = kb_json_parse(name, text->data, text->len, &list, err)) < 0 ||
	    (rc = choose_item(name, list, tag, &item, err)) < 0)
		return rc;
	path = kb_json_member(item, "Config");
	rc = kb_name_check_relative(path, err);
	if (rc < 0)
		return kb_err_wrap(err, "%s: Config", name);
	if ((rc = take_docker_layers(name, member(item, "Layers"), image, err)) < 0 ||
	    (rc = read_document(source, path, &image->config_text, err)) < 0)
		return rc;
	kb_digest_of(image->config_text.data, image->config_text.len, &image->config);
	if (digest_in_name(path, &listed) && !kb_digest_eq(&listed, &image->config))
		return kb_err_set(err, KB_E_DAMAGED, "%s: config %s has sha256 %s", source->name,
				  path, kb_digest_hex(&image->config));
	return take_config(source, arch, image, err);
}

/* ---- both ---- */

static int try_read(const struct kb_oci_source *source, const char *path, struct kb_buf *buf,
		    bool *ret_found, struct kb_err *err)
{
	struct kb_err missing;
	int rc = source->read(source->ctx, path, KB_OCI_DOCUMENT_MAX, buf, &missing);

	*ret_found = rc == 0;
	if (rc == 0 || rc == KB_E_MISSING)
		return 0;
	if (err)
		*err = missing;
	return rc;
}

/* An archive may hold both descriptions (docker 25 and later). They must mean
 * the same image: else it would depend on the reader which one is loaded. */
static int find_image(const struct kb_oci_source *source, const char *arch, const char *tag,
		      struct kb_oci_image *image, struct kb_err *err)
{
	kb_autobuf struct kb_buf docker = KB_BUF_INIT, index = KB_BUF_INIT;
	kb_autoociimage struct kb_oci_image other = {0};
	bool has_docker, has_index;
	int rc;

	if ((rc = try_read(source, "manifest.json", &docker, &has_docker, err)) < 0 ||
	    (rc = try_read(source, "index.json", &index, &has_index, err)) < 0)
		return rc;
	if (!has_docker && !has_index)
		return kb_err_set(err, KB_E_INVALID,
				  "%s holds neither manifest.json nor index.json: not an image",
				  source->name);
	if (!has_docker)
		return find_by_index(source, arch, tag, &index, image, err);
	rc = find_by_docker(source, arch, tag, &docker, image, err);
	if (rc < 0 || !has_index)
		return rc;
	rc = find_by_index(source, arch, tag, &index, &other, err);
	if (rc < 0)
		return rc;
	if (!kb_digest_eq(&other.config, &image->config))
		return kb_err_set(err, KB_E_INVALID,
				  "%s: manifest.json means image %s, index.json %s", source->name,
				  kb_digest_hex(&image->config), kb_digest_hex(&other.config));
	image->has_index = image->has_manifest = true;
	image->index = other.index;
	image->manifest = other.manifest;
	return 0;
}

int kb_oci_find(const struct kb_oci_source *source, const char *arch, const char *tag,
		struct kb_oci_image *ret_image, struct kb_err *err)
{
	struct kb_oci_image image = {0};
	int rc = find_image(source, arch, tag, &image, err);

	if (rc < 0)
		kb_oci_image_free(&image);
	else
		*ret_image = image;
	return rc;
}

/* Layers that another image, or a fetch that was cut off, brought already are
 * digested again and not read from the source. */
static int import_missing(const struct kb_oci_source *source, struct kb_oci_image *image,
			  struct kb_store *store, struct kb_err *err)
{
	kb_autofree struct kb_oci_layer *wanted = kb_alloc(image->n_layers, sizeof(*wanted));
	kb_autofree size_t *from = kb_alloc(image->n_layers, sizeof(*from));
	size_t n = 0;
	int rc;

	for (size_t i = 0; i < image->n_layers; i++) {
		struct kb_oci_layer *layer = &image->layers[i];

		if (kb_store_has(store, &layer->diff_id, &layer->size) &&
		    kb_store_check(store, &layer->diff_id, NULL) == 0)
			continue;
		from[n] = i;
		wanted[n++] = *layer;
	}
	rc = n ? source->layers(source->ctx, store, wanted, n, err) : 0;
	for (size_t i = 0; i < n && rc == 0; i++)
		image->layers[from[i]].size = wanted[i].size;
	return rc;
}

int kb_oci_import(const struct kb_oci_source *source, struct kb_oci_image *image,
		  const char *origin, struct kb_store *store, struct kb_image_content *ret_content,
		  struct kb_err *err)
{
	size_t n = image->n_layers;
	int rc;

	if ((rc = import_missing(source, image, store, err)) < 0 ||
	    (rc = kb_store_put(store, image->config_text.data, image->config_text.len, NULL, err)) <
		    0)
		return rc;
	ret_content->origin = kb_strdup(origin);
	ret_content->config = image->config;
	ret_content->layers = kb_alloc(n, sizeof(*ret_content->layers));
	ret_content->sizes = kb_alloc(n, sizeof(*ret_content->sizes));
	ret_content->n_layers = n;
	for (size_t i = 0; i < n; i++) {
		ret_content->layers[i] = image->layers[i].diff_id;
		ret_content->sizes[i] = image->layers[i].size;
	}
	return 0;
}
