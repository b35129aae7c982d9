#include "builder/oci_document.h"

#include <string.h>

#include "core/json_read.h"

int kb_oci_need_machine(const char *arch, const char **ret_name, struct kb_err *err)
{
	*ret_name = kb_oci_arch(arch);
	if (!*ret_name)
		return kb_err_set(err, KB_E_INVALID, "no image architecture is known for %s", arch);
	return 0;
}

bool kb_oci_digest_parse(const char *text, struct kb_digest *ret)
{
	return strncmp(text, "sha256:", 7) == 0 && kb_digest_parse(text + 7, ret);
}

int kb_oci_digest_at(const char *name, const struct kb_value *map, const char *key,
		     struct kb_digest *ret, struct kb_err *err)
{
	const char *text = kb_json_member(map, key);

	if (!kb_oci_digest_parse(text, ret))
		return kb_err_set(err, KB_E_INVALID, "%s: %s \"%s\" is not sha256:..", name, key,
				  text);
	return 0;
}

const struct kb_value *kb_oci_member(const struct kb_value *map, const char *key)
{
	return map ? kb_value_get(map, key) : NULL;
}

bool kb_oci_is_list(const struct kb_value *v)
{
	return v && kb_value_kind(v) == KB_VALUE_LIST;
}

size_t kb_oci_count(const struct kb_value *v)
{
	return kb_oci_is_list(v) ? kb_value_count(v) : 0;
}

const struct kb_value *kb_oci_at(const struct kb_value *list, size_t i)
{
	return i < kb_oci_count(list) ? kb_value_at(list, i) : NULL;
}

const char *kb_oci_text(const struct kb_value *v)
{
	return v && kb_value_kind(v) == KB_VALUE_TEXT ? kb_value_str(v, NULL) : "";
}

/* "redis:8" is meant by "redis:8", "docker.io/library/redis:8" and, as the
 * OCI annotation is often written, by "8". */
bool kb_oci_is_named(const char *candidate, const char *tag)
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

int kb_oci_read_document(const struct kb_oci_source *source, const char *path, struct kb_buf *buf,
			 struct kb_err *err)
{
	int rc = source->read(source->ctx, path, KB_OCI_DOCUMENT_MAX, buf, err);

	if (rc == KB_E_MISSING)
		return kb_err_set(err, KB_E_INVALID, "%s: %s is named but not inside", source->name,
				  path);
	return rc;
}

int kb_oci_read_blob(const struct kb_oci_source *source, const struct kb_digest *digest,
		     struct kb_buf *buf, struct kb_err *err)
{
	kb_autofree char *path = kb_format("%s%s", source->blobs, kb_digest_hex(digest));
	struct kb_digest got;
	int rc = kb_oci_read_document(source, path, buf, err);

	if (rc < 0)
		return rc;
	kb_digest_of(buf->data, buf->len, &got);
	if (!kb_digest_eq(&got, digest))
		return kb_err_set(err, KB_E_DAMAGED, "%s: %s has sha256 %s", source->name, path,
				  kb_digest_hex(&got));
	return 0;
}
