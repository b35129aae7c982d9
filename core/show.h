/* What `info` and `list` print, the same words from both programs: a manifest
 * as text for people or as one JSON value. O(manifest), no content is read.
 */
#ifndef CORE_SHOW_H
#define CORE_SHOW_H

#include "core/bundle.h"

/* Append text lines. */
void kb_show_info(const struct kb_bundle *bundle, struct kb_buf *out);
void kb_show_list(const struct kb_bundle *bundle, struct kb_buf *out);

/* Append the members of an object that the caller has opened. */
struct kb_json;
void kb_show_info_json(const struct kb_bundle *bundle, struct kb_json *j);
void kb_show_list_json(const struct kb_bundle *bundle, struct kb_json *j);

/* "1.2 GiB" into a static buffer, 4 in turn per thread. */
const char *kb_show_size(uint64_t bytes);

#endif
