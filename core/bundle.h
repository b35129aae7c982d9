/* An authenticated bundle. The only way to get one is kb_bundle_open, which
 * checks the signature over the manifest before anything of it is parsed;
 * the only way to its content is through chunks whose digest was compared in
 * memory before they are decompressed from that same memory.
 *
 * A bundle may be read from several threads; it keeps no position.
 */
#ifndef CORE_BUNDLE_H
#define CORE_BUNDLE_H

#include "core/manifest.h"
#include "core/progress.h"
#include "core/trust.h"

struct kb_bundle;

/* Takes over FD (also on failure). The file's size is compared with the signed
 * one. KB_E_TRUST comes only after every signature was found to match: its
 * message names the fingerprint of a key that really signed. */
int kb_bundle_open(int fd, const char *name, const struct kb_trust *trust,
		   struct kb_bundle **ret_bundle, struct kb_err *err);
void kb_bundle_close(struct kb_bundle *bundle);

const char *kb_bundle_name(const struct kb_bundle *bundle); /* as given to open */
const struct kb_manifest *kb_bundle_manifest(const struct kb_bundle *bundle);
const struct kb_digest *kb_bundle_id(const struct kb_bundle *bundle); /* of the manifest bytes */
/* The header and manifest exactly as they stand in the file, for the record a
 * host keeps: authenticated again whenever it is read back. */
void kb_bundle_signed_part(const struct kb_bundle *bundle, const uint8_t **ret_bytes,
			   size_t *ret_len);
/* The trusted key that made the bundle acceptable. */
const struct kb_key *kb_bundle_signer(const struct kb_bundle *bundle);

/* Re-authenticate a kept signed part, without a file behind it: only the
 * manifest can be asked for. */
int kb_bundle_recall(const uint8_t *bytes, size_t len, const char *name,
		     const struct kb_trust *trust, struct kb_bundle **ret_bundle,
		     struct kb_err *err);

/* One pass over every byte: stub and all chunks against their digests, all
 * cores used. Nothing is decompressed. */
int kb_bundle_verify(struct kb_bundle *bundle, const struct kb_progress *progress,
		     struct kb_err *err);

/* Called with consecutive plain bytes of a blob; non-zero stops the read and is
 * returned (negative codes with ERR filled). */
typedef int (*kb_sink_fn)(void *ctx, const void *data, size_t len, struct kb_err *err);

/* Stream one blob, decoding ahead on other cores; constant memory. */
int kb_bundle_stream(struct kb_bundle *bundle, uint32_t blob, kb_sink_fn sink, void *ctx,
		     struct kb_err *err);

/* A whole small blob into memory; larger than MAX is KB_E_INVALID. */
int kb_bundle_load(struct kb_bundle *bundle, uint32_t blob, size_t max, struct kb_buf *buf,
		   struct kb_err *err);

/* Whole file of the payload by path; KB_E_INVALID when the bundle has none. */
int kb_bundle_load_file(struct kb_bundle *bundle, const char *path, struct kb_buf *buf,
			struct kb_err *err);

#endif
