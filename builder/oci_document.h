/* What the readers of image documents (oci_manifest.c, oci_index.c,
 * oci_docker.c) share. Their input is JSON of others: whatever was expected may
 * be absent or something else, and then it is NULL, 0 or "" here, and the check
 * that follows says what is missing. */
#ifndef BUILDER_OCI_DOCUMENT_H
#define BUILDER_OCI_DOCUMENT_H

#include "builder/oci.h"
#include "core/value.h"

const struct kb_value *kb_oci_member(const struct kb_value *map, const char *key);
bool kb_oci_is_list(const struct kb_value *v);
size_t kb_oci_count(const struct kb_value *v);
const struct kb_value *kb_oci_at(const struct kb_value *list, size_t i);
const char *kb_oci_text(const struct kb_value *v);

/* "sha256:HEX" */
bool kb_oci_digest_parse(const char *text, struct kb_digest *ret);
int kb_oci_digest_at(const char *name, const struct kb_value *map, const char *key,
		     struct kb_digest *ret, struct kb_err *err);

/* kb_oci_arch, or KB_E_INVALID. */
int kb_oci_need_machine(const char *arch, const char **ret_name, struct kb_err *err);

/* Does an image called CANDIDATE inside answer to TAG? */
bool kb_oci_is_named(const char *candidate, const char *tag);

/* A file that another document names; its absence is KB_E_INVALID. */
int kb_oci_read_document(const struct kb_oci_source *source, const char *path, struct kb_buf *buf,
			 struct kb_err *err);
/* The same by digest, which is compared. */
int kb_oci_read_blob(const struct kb_oci_source *source, const struct kb_digest *digest,
		     struct kb_buf *buf, struct kb_err *err);

/* Each fills IMAGE from its document and what that names; on failure IMAGE is
 * to be freed. Config: give IMAGE's layers their diffIDs from its text. */
int kb_oci_take_config(const struct kb_oci_source *source, const char *arch,
		       struct kb_oci_image *image, struct kb_err *err);
int kb_oci_take_manifest(const struct kb_oci_source *source, const char *arch,
			 const struct kb_digest *digest, struct kb_oci_image *image,
			 struct kb_err *err);
int kb_oci_take_index(const struct kb_oci_source *source, const char *arch, const char *tag,
		      const struct kb_buf *index, struct kb_oci_image *image, struct kb_err *err);
int kb_oci_take_docker(const struct kb_oci_source *source, const char *arch, const char *tag,
		       const struct kb_buf *text, struct kb_oci_image *image, struct kb_err *err);

#endif
