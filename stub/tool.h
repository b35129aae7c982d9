/* A program of the host that changes something for a step: shown as the step's
 * output, left alone by the first request to stop, ended by the second.
 */
#ifndef STUB_TOOL_H
#define STUB_TOOL_H

#include <stdint.h>

#include "stub/report.h"

struct kb_tool {
	const char *const *argv, *const *env;
	uint32_t timeout;   /* seconds */
	const char *called; /* in the error */
};

/* KB_E_TIMEOUT, KB_E_INTERRUPTED, or KB_E_STEP with how it ended and its last
 * word. */
int kb_tool_act(struct kb_report *report, const char *id, const struct kb_tool *tool,
		struct kb_err *err);

#endif
