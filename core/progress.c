#include "core/progress.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/json.h"
#include "core/mem.h"
#include "core/show.h"

enum {
	SHOW_AFTER_MS = 1000,
	TERMINAL_EVERY_MS = 100,
	LINE_EVERY_MS = 5000,
	BAR_WIDTH = 24,
};

struct kb_meter {
	bool quiet, json, terminal;
	char what[64];
	uint64_t started, shown; /* ms on the monotonic clock; shown 0 = never */
	uint64_t done;
	bool line_open, ended;
};

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static bool is_terminal(void)
{
	const char *term = getenv("TERM");

	return isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
}

struct kb_meter *kb_meter_new(int quiet, int json)
{
	struct kb_meter *m = kb_alloc(1, sizeof(*m));

	m->quiet = quiet;
	m->json = json;
	m->terminal = is_terminal() && !json;
	return m;
}

static void bar(char *text, uint64_t percent)
{
	for (unsigned i = 0; i < BAR_WIDTH; i++)
		text[i] = i * 100 < percent * BAR_WIDTH ? '#' : '.';
	text[BAR_WIDTH] = '\0';
}

static void show_text(struct kb_meter *m, uint64_t total, uint64_t elapsed)
{
	uint64_t percent = total ? m->done * 100 / total : 100;
	uint64_t rate = elapsed ? m->done * 1000 / elapsed : 0;
	uint64_t left = rate && total > m->done ? (total - m->done) / rate : 0;
	char bar_text[BAR_WIDTH + 1];

	bar(bar_text, percent);
	fprintf(stderr, "%s%-14s [%s] %3llu %%  %s of %s, %s/s, %llu s left%s",
		m->terminal ? "\r\033[K" : "", m->what, bar_text, (unsigned long long)percent,
		kb_show_size(m->done), kb_show_size(total), kb_show_size(rate),
		(unsigned long long)left, m->terminal ? "" : "\n");
	fflush(stderr);
	m->line_open = m->terminal;
}

static void show_json(const struct kb_meter *m, uint64_t total)
{
	kb_autobuf struct kb_buf line = KB_BUF_INIT;
	struct kb_json j;

	kb_json_init(&j, &line);
	kb_json_object(&j);
	kb_json_key_text(&j, "progress", m->what);
	kb_json_key_u64(&j, "done", m->done);
	kb_json_key_u64(&j, "total", total);
	kb_json_object_end(&j);
	printf("%s\n", line.data);
	fflush(stdout);
}

static void begin(struct kb_meter *m, const char *what, uint64_t now)
{
	kb_meter_clear(m);
	snprintf(m->what, sizeof(m->what), "%s", what);
	m->started = now;
	m->shown = 0;
	m->done = 0;
	m->ended = false;
}

static int step(void *ctx, const char *what, uint64_t done, uint64_t total)
{
	struct kb_meter *m = ctx;
	uint64_t now = now_ms(), every = m->terminal ? TERMINAL_EVERY_MS : LINE_EVERY_MS;
	bool last = done >= total;

	if (strcmp(what, m->what) != 0)
		begin(m, what, now);
	if (done > m->done)
		m->done = done;
	if (m->quiet || m->ended || now - m->started < SHOW_AFTER_MS ||
	    (m->shown && now - m->shown < every && !last) || (last && !m->shown))
		return 0;
	m->shown = now;
	m->ended = last;
	if (m->json)
		show_json(m, total);
	else
		show_text(m, total, now - m->started);
	if (last)
		kb_meter_clear(m);
	return 0;
}

void kb_meter_progress(struct kb_meter *meter, struct kb_progress *ret_progress)
{
	ret_progress->step = step;
	ret_progress->ctx = meter;
}

void kb_meter_clear(struct kb_meter *m)
{
	if (m->line_open)
		fputc('\n', stderr);
	m->line_open = false;
}

void kb_meter_free(struct kb_meter *m)
{
	if (!m)
		return;
	kb_meter_clear(m);
	free(m);
}
