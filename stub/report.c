#include "stub/report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/day.h"
#include "core/file.h"
#include "core/path.h"
#include "stub/paths.h"
#include "stub/signals.h"

static int shown_progress(void *ctx, const char *what, uint64_t done, uint64_t total)
{
	struct kb_report *r = ctx;
	int rc = kb_progress_step(&r->inner, what, done, total);

	return rc ? rc : kb_signals_stop();
}

void kb_report_init(struct kb_report *r, int rootfd, bool json, bool quiet)
{
	memset(r, 0, sizeof(*r));
	r->json = json;
	r->quiet = quiet;
	r->rootfd = rootfd;
	r->log_fd = -1;
	r->redact = kb_redact_new();
	r->meter = kb_meter_new(quiet, json);
	kb_meter_progress(r->meter, &r->inner);
	r->progress = (struct kb_progress){.step = shown_progress, .ctx = r};
}

void kb_report_free(struct kb_report *r)
{
	kb_meter_free(r->meter);
	kb_redact_free(r->redact);
	kb_cleanup_close(&r->log_fd);
	free(r->log_path);
	r->log_fd = -1;
	r->meter = NULL;
	r->redact = NULL;
	r->log_path = NULL;
}

void kb_report_set_log(struct kb_report *r, const char *log, const char *role, const char *what)
{
	free(r->log_path);
	r->log_path = log ? kb_strdup(log) : kb_format(KB_PATH_LOGS "/%s_%s.log", role, what);
}

/* Our own logs are reached by the checked walk; a path of the operator's is
 * his. Neither is followed when its last component is a link. */
static int open_log(struct kb_report *r, struct kb_err *err)
{
	const int flags =
		O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK | O_CLOEXEC;
	kb_autoclose int dirfd = -1, opt = -1;
	int rc;

	if (strncmp(r->log_path, KB_PATH_LOGS "/", sizeof(KB_PATH_LOGS)) != 0) {
		r->log_fd = open(r->log_path, flags, 0640);
	} else {
		if ((rc = kb_path_make_dir(r->rootfd, KB_PATH_OPT, 0755, NULL, &opt, err)) < 0 ||
		    (rc = kb_path_make_at(opt, "logs", 0750, NULL, &dirfd, NULL, err)) < 0)
			return rc;
		r->log_fd = openat(dirfd, strrchr(r->log_path, '/') + 1, flags, 0640);
	}
	if (r->log_fd < 0)
		return kb_err_errno(err, KB_E_IO, "%s", r->log_path);
	if (fchmod(r->log_fd, 0640) < 0)
		return kb_err_errno(err, KB_E_IO, "%s", r->log_path);
	return 0;
}

static void log_failed(struct kb_report *r, const struct kb_err *err)
{
	char shown[KB_ERR_TEXT_MAX];

	r->log_failed = true;
	kb_escape(shown, sizeof(shown), err->text, strlen(err->text));
	fprintf(stderr, "keybuzz: warning: no log is kept from here on: %s\n", shown);
}

/* TEXT was filtered and escaped. One write a line, so that lines of several
 * programs do not mix. */
static void log_text(struct kb_report *r, const char *text)
{
	kb_autofree char *line = NULL;
	struct kb_err err;
	char stamp[32];

	if (!r->log_path || r->log_failed)
		return;
	if (r->log_fd < 0 && open_log(r, &err) < 0) {
		log_failed(r, &err);
		return;
	}
	kb_time_format((int64_t)time(NULL), stamp);
	line = kb_format("%s %s\n", stamp, text);
	if (kb_write_full(r->log_fd, line, strlen(line), &err) < 0)
		log_failed(r, &err);
}

static char *cleaned(const struct kb_report *r, const char *text, size_t len, bool cut)
{
	__attribute__((cleanup(kb_buf_wipe))) struct kb_buf filtered = KB_BUF_INIT;
	char *shown;

	kb_redact_line(r->redact, text, len, cut, &filtered);
	shown = kb_alloc(filtered.len * 4 + 1, 1);
	kb_escape(shown, filtered.len * 4 + 1, filtered.data, filtered.len);
	return shown;
}

static char *format_clean(const struct kb_report *r, const char *fmt, va_list ap)
{
	char *text = NULL, *shown;

	if (vasprintf(&text, fmt, ap) < 0)
		return kb_strdup("out of memory");
	shown = cleaned(r, text, strlen(text), false);
	free(text);
	return shown;
}

static void to_terminal(struct kb_report *r, const char *prefix, const char *text)
{
	kb_meter_clear(r->meter);
	fprintf(stderr, "%s%s\n", prefix, text);
}

void kb_report_say(struct kb_report *r, const char *fmt, ...)
{
	kb_autofree char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = format_clean(r, fmt, ap);
	va_end(ap);
	log_text(r, text);
	if (!r->quiet && !r->json)
		to_terminal(r, "keybuzz: ", text);
}

void kb_report_warn(struct kb_report *r, const char *fmt, ...)
{
	kb_autofree char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = format_clean(r, fmt, ap);
	va_end(ap);
	log_text(r, text);
	to_terminal(r, "keybuzz: warning: ", text);
}

void kb_report_note(struct kb_report *r, const char *fmt, ...)
{
	kb_autofree char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = format_clean(r, fmt, ap);
	va_end(ap);
	log_text(r, text);
}

void kb_report_json(struct kb_report *r, const struct kb_buf *line)
{
	if (!r->json)
		return;
	r->started = true;
	fwrite(line->data, 1, line->len, stdout);
	fputc('\n', stdout);
	fflush(stdout);
}

const struct kb_progress *kb_report_progress(struct kb_report *r)
{
	return &r->progress;
}

static void keep(struct kb_output *o, enum kb_proc_stream stream, const char *text)
{
	char **slot = &o->tail[o->n_tail++ % KB_REPORT_TAIL];

	free(*slot);
	*slot = kb_strdup(text);
	if (!*text)
		return;
	snprintf(o->last[stream], sizeof(o->last[stream]), "%s", text);
	o->newest = stream;
}

const char *kb_output_reason(const struct kb_output *o)
{
	return *o->last[KB_PROC_ERR] ? o->last[KB_PROC_ERR] : o->last[KB_PROC_OUT];
}

const char *kb_output_word(const struct kb_output *o)
{
	return o->last[o->newest];
}

/* A line that is cut off by the limits is said to be. */
static void show(struct kb_output *o, const char *text)
{
	kb_autofree char *line = kb_format("%s: %s", o->id, text);
	struct kb_report *r = o->report;
	size_t before = o->shown;

	o->shown += strlen(line) + 1;
	if (before > KB_REPORT_STEP_MAX)
		return;
	if (o->shown > KB_REPORT_STEP_MAX) {
		free(line);
		line = kb_format("%s: [it prints more than %u MiB; the rest is not recorded]",
				 o->id, KB_REPORT_STEP_MAX >> 20);
	}
	log_text(r, line);
	if (!r->quiet && !r->json)
		to_terminal(r, "", line);
}

void kb_output_line(struct kb_output *o, enum kb_proc_stream stream, const char *line, size_t len,
		    bool cut)
{
	kb_autofree char *clean = cleaned(o->report, line, len, cut);
	kb_autofree char *text = kb_format("%s%s", clean, cut ? " [cut]" : "");

	keep(o, stream, text);
	if (!o->silent)
		show(o, text);
}

void kb_output_show_tail(struct kb_output *o)
{
	size_t n = o->n_tail < KB_REPORT_TAIL ? o->n_tail : KB_REPORT_TAIL;

	/* what was already shown line by line need not be shown again */
	if (!o->silent && !o->report->quiet && !o->report->json && o->shown <= KB_REPORT_STEP_MAX)
		return;
	if (o->n_tail)
		fprintf(stderr, "keybuzz: the last lines of %s:\n", o->id);
	for (size_t i = o->n_tail - n; i < o->n_tail; i++) {
		kb_autofree char *line = kb_format("%s: %s", o->id, o->tail[i % KB_REPORT_TAIL]);

		if (o->silent || o->shown > KB_REPORT_STEP_MAX)
			log_text(o->report, line);
		to_terminal(o->report, "", line);
	}
}

void kb_output_free(struct kb_output *o)
{
	for (size_t i = 0; i < KB_REPORT_TAIL; i++) {
		free(o->tail[i]);
		o->tail[i] = NULL;
	}
	o->n_tail = 0;
}
