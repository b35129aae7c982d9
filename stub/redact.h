/* A filter between what steps print and everything that shows or keeps it:
 * credentials become "***", in the spellings in which they leak: as they are,
 * reversed, in hexadecimal, percent-encoded, with JSON escapes, and in Base64
 * of either alphabet wherever they stand in the encoded text.
 *
 * It prevents accidents. A step that wants to betray a secret can always spell
 * it in a way that no filter knows; steps are signed, so it does not want to.
 */
#ifndef STUB_REDACT_H
#define STUB_REDACT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/mem.h"

struct kb_redact;

struct kb_redact *kb_redact_new(void);
void kb_redact_free(struct kb_redact *r); /* wipes */

/* Secrets shorter than KB_REDACT_MIN bytes would blacken ordinary words and
 * are not looked for. */
#define KB_REDACT_MIN 6
void kb_redact_add(struct kb_redact *r, const char *secret, size_t len);

/* Append LINE to OUT, filtered. CUT: the line went on; then a beginning of a
 * secret at its end is removed, too. R may be NULL. */
void kb_redact_line(const struct kb_redact *r, const char *line, size_t len, bool cut,
		    struct kb_buf *out);

#endif
