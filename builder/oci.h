/* Images in the forms others write them: an OCI layout, a `docker save`
 * archive, or both in one, as a folder or inside a tar. Here the documents are
 * read and compared with each other; where the bytes come from is the
 * business of an kb_oci_source (archive.h, oci_folder.h).
 *
 * All of it is untrusted. What leaves kb_oci_find is consistent: the config is
 * the one the manifest names, it names one diffID for each layer, and it is
 * for the wanted machine. What leaves kb_oci_import has the digests that were
 * named. KB_E_INVALID: documents contradict each other or are malformed;
 * KB_E_DAMAGED: bytes are not what their digest says; KB_E_PATH: a name that
 * leads elsewhere.
 */
#ifndef BUILDER_OCI_H
#define BUILDER_OCI_H

#include <stdbool.h>

#include "builder/image.h"
#include "builder/store.h"

#define KB_OCI_DOCUMENT_MAX (4 * 1024 * 1024)
#define KB_OCI_LAYERS_MAX   512

struct kb_oci_layer {
	char *path;    /* in the source */
	bool has_blob; /* digest as it lies there, maybe compressed */
	struct kb_digest blob, diff_id;
	uint64_t size; /* plain; set by import */
};

struct kb_oci_source {
	const char *name;  /* for messages */
	const char *blobs; /* "blobs/sha256/", or "" where blobs lie at the top */
	/* Append a small file; KB_E_MISSING when there is none. */
	int (*read)(void *ctx, const char *path, size_t max, struct kb_buf *buf,
		    struct kb_err *err);
	/* Bring all of LAYERS into the store, in any order. */
	int (*layers)(void *ctx, struct kb_store *store, struct kb_oci_layer *layers, size_t n,
		      struct kb_err *err);
	void *ctx;
};

struct kb_oci_image {
	bool has_index, has_manifest;
	struct kb_digest index; /* of index.json, or of a registry's index */
	struct kb_digest manifest;
	struct kb_digest config;
	struct kb_buf config_text;
	struct kb_oci_layer *layers;
	size_t n_layers;
};

void kb_oci_image_free(struct kb_oci_image *image); /* what it points to */
#define kb_autoociimage __attribute__((cleanup(kb_oci_image_free)))

/* The machine names of others for ours: "x86_64" is "amd64". NULL = unknown. */
const char *kb_oci_arch(const char *arch);

/* Find the image for ARCH (ours). When there are several, TAG chooses; when it
 * does not, the error says what is inside. */
int kb_oci_find(const struct kb_oci_source *source, const char *arch, const char *tag,
		struct kb_oci_image *ret_image, struct kb_err *err);

/* The same when the manifest's digest is known already. */
int kb_oci_find_manifest(const struct kb_oci_source *source, const char *arch,
			 const struct kb_digest *manifest, struct kb_oci_image *ret_image,
			 struct kb_err *err);

/* In an index given as text: the manifest for ARCH. KB_E_INVALID with what is
 * inside when it is not exactly one. *RET_IS_INDEX is false when TEXT is a
 * manifest itself. */
int kb_oci_choose(const char *name, const char *text, size_t len, const char *arch, const char *tag,
		  bool *ret_is_index, struct kb_digest *ret_manifest, struct kb_err *err);

/* The digest of the config that a manifest given as text names. */
int kb_oci_config_of(const char *name, const char *text, size_t len, struct kb_digest *ret_config,
		     struct kb_err *err);

/* Bring layers, then the config, into the store. ORIGIN is copied. */
int kb_oci_import(const struct kb_oci_source *source, struct kb_oci_image *image,
		  const char *origin, struct kb_store *store, struct kb_image_content *ret_content,
		  struct kb_err *err);

#endif
