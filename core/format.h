/* The .run file, in short; docs/format.md has it in full.
 *
 *   run      = stub header manifest chunk* end-of-file
 *   stub     = the host program, zero-padded to KB_STUB_SPAN bytes
 *   header   = magic[16] format[4] manifest-length[4] zero[8] slot[4] zero..4096
 *   slot     = public-key[32] signature[64]       (all zero: not used)
 *   manifest = the signed bytes, see core/manifest.h
 *   chunk    = one zstd frame of at most KB_CHUNK_PLAIN plain bytes
 *
 * Integers are little-endian. Nothing is scanned for, nothing may follow the
 * last chunk. A signature is Ed25519 (RFC 8032) over
 *   "DSSEv1 23 keybuzz-run/manifest/v1 LENGTH " manifest
 * (the pre-authentication encoding of DSSE 1.0): a signature made for another
 * purpose never fits. A slot's key id is the raw public key itself.
 */
#ifndef CORE_FORMAT_H
#define CORE_FORMAT_H

#define KB_STUB_SPAN    (8u << 20)
#define KB_HEADER_LEN   4096u
#define KB_MAGIC        "KEYBUZZ\0RUN\r\n\x1a\n"
#define KB_MAGIC_LEN    16
#define KB_FORMAT       1u
#define KB_MANIFEST_MAX (1u << 20)
#define KB_SLOTS        4
#define KB_SLOT_LEN     96
#define KB_SLOTS_OFFSET 32
#define KB_PURPOSE      "keybuzz-run/manifest/v1"

#define KB_CHUNK_PLAIN  (4u << 20)
#define KB_CHUNK_STORED (KB_CHUNK_PLAIN + (KB_CHUNK_PLAIN >> 8) + 1024) /* ZSTD_compressBound */
/* Blobs below this share chunks; a blob of at least this begins its own. */
#define KB_BLOB_ALONE (1u << 20)

/* The site's inventory, among the files. */
#define KB_INVENTORY_FILE "servers.tsv"

/* Maxima of manifest records; a count above one is refused before anything is
 * allocated for it. */
#define KB_STRING_MAX   4096
#define KB_CHUNKS_MAX   24576 /* 96 GiB plain */
#define KB_BLOBS_MAX    16384
#define KB_FILES_MAX    8192
#define KB_IMAGES_MAX   256
#define KB_LAYERS_MAX   128
#define KB_PACKAGES_MAX 4096
#define KB_STEPS_MAX    1024
#define KB_LIST_MAX     256 /* args, watch, os, ports, credentials */
#define KB_VALUE_DEPTH  8
#define KB_VALUES_MAX   4096

#endif
