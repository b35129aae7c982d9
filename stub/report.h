/* How a run talks: words for people on stderr, results on stdout, everything
 * that was done into the log, and with --json one object a line on stdout.
 * Nothing here can change how a run ends: a closed terminal or a full disk
 * under the log loses words, not the exit status.
 *
 * The log is opened by the first line written to it, so a run that has nothing
 * to do leaves no trace. Secrets are filtered, control bytes are escaped.
 */
#ifndef STUB_REPORT_H
#define STUB_REPORT_H

#include <stdbool.h>

#include "core/json.h"
#include "core/proc.h"
#include "core/progress.h"
#include "stub/redact.h"

/* Output of one step beyond this is shown no more, only its last lines. */
#define KB_REPORT_STEP_MAX (4u << 20)
#define KB_REPORT_TAIL     20

struct kb_report {
	bool json, quiet;
	bool started; /* JSON Lines were begun: the last one is the result */
	int rootfd;
	char *log_path; /* NULL: no log */
	int log_fd;
	bool log_failed;
	struct kb_redact *redact;
	struct kb_meter *meter;
	struct kb_progress inner, progress;
};

void kb_report_init(struct kb_report *r, int rootfd, bool json, bool quiet);
void kb_report_free(struct kb_report *r);

/* Where the log goes: LOG if the operator named one, else ROLE_WHAT.log among
 * our logs. */
void kb_report_set_log(struct kb_report *r, const char *log, const char *role, const char *what);

/* One line, "keybuzz: TEXT", on stderr unless quiet or JSON, and in the log. */
void kb_report_say(struct kb_report *r, const char *fmt, ...) KB_PRINTF(2, 3);
/* The same, also when quiet: "keybuzz: warning: TEXT". */
void kb_report_warn(struct kb_report *r, const char *fmt, ...) KB_PRINTF(2, 3);
/* Into the log only. */
void kb_report_note(struct kb_report *r, const char *fmt, ...) KB_PRINTF(2, 3);

/* One JSON value as a line of its own, when JSON is wanted. */
void kb_report_json(struct kb_report *r, const struct kb_buf *line);

/* Progress that is shown and that stops when asked to. */
const struct kb_progress *kb_report_progress(struct kb_report *r);

/* What a step prints while it runs: "ID: LINE". Keeps the last lines for the
 * message of a failure, and the last line that is not empty of each stream. */
struct kb_output {
	struct kb_report *report;
	const char *id;
	bool silent; /* kept, not shown: polls of a condition */
	size_t shown;
	char *tail[KB_REPORT_TAIL]; /* filtered and escaped; a ring */
	size_t n_tail;
	char last[2][512]; /* by enum kb_proc_stream */
	enum kb_proc_stream newest;
};
void kb_output_line(struct kb_output *o, enum kb_proc_stream stream, const char *line, size_t len,
		    bool cut);
/* Why it failed, in its own words: the last line on stderr, else of stdout. */
const char *kb_output_reason(const struct kb_output *o);
/* The very last line. */
const char *kb_output_word(const struct kb_output *o);
/* The tail on stderr, for a step that failed. */
void kb_output_show_tail(struct kb_output *o);
void kb_output_free(struct kb_output *o);

#endif
