/* Inside of struct kb_bundle, for bundle_open.c and bundle_read.c only. */
#ifndef CORE_BUNDLE_PRIVATE_H
#define CORE_BUNDLE_PRIVATE_H

#include "core/bundle.h"
#include "core/header.h"

struct kb_bundle {
	int fd; /* -1: recalled, no content */
	char *name;
	uint8_t *signed_part; /* header and manifest as in the file */
	size_t signed_len;
	struct kb_manifest *manifest;
	struct kb_digest id;
	struct kb_key signer;
	uint64_t *chunk_at; /* file offset of each chunk, and the end */
};

#endif
