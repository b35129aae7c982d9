#include "stub/units.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/mem.h"
#include "core/proc.h"
#include "stub/paths.h"
#include "stub/signals.h"
#include "stub/tool.h"

enum { SHOW_TIMEOUT = 60, POLL_MS = 100, STEADY_MS = 1000 };

static const char *const environment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8",
					  "SYSTEMD_PAGER=cat", "SYSTEMD_COLORS=0", NULL};

static void take_number(const char *value, uint64_t *ret)
{
	*ret = strtoull(value, NULL, 10);
}

static void take_word(const char *value, char out[32])
{
	snprintf(out, 32, "%s", value);
}

static void on_property(void *ctx, enum kb_proc_stream stream, const char *line, size_t len,
			bool cut)
{
	struct kb_unit_state *s = ctx;
	const char *value = strchr(line, '=');

	(void)len;
	if (stream != KB_PROC_OUT || cut || !value)
		return;
	value++;
	if (!strncmp(line, "LoadState=", 10))
		s->loaded = strcmp(value, "loaded") == 0;
	else if (!strncmp(line, "UnitFileState=", 14))
		s->enabled = strcmp(value, "enabled") == 0 || strcmp(value, "static") == 0;
	else if (!strncmp(line, "NeedDaemonReload=", 17))
		s->need_reload = strcmp(value, "yes") == 0;
	else if (!strncmp(line, "ActiveState=", 12))
		take_word(value, s->active);
	else if (!strncmp(line, "SubState=", 9))
		take_word(value, s->sub);
	else if (!strncmp(line, "Type=", 5))
		take_word(value, s->type);
	else if (!strncmp(line, "Result=", 7))
		take_word(value, s->result);
	else if (!strncmp(line, "NRestarts=", 10))
		take_number(value, &s->restarts);
	else if (!strncmp(line, "InactiveExitTimestampMonotonic=", 31))
		take_number(value, &s->started);
}

int kb_unit_show(const char *name, struct kb_unit_state *ret_state, struct kb_err *err)
{
	static const char properties[] =
		"--property=LoadState,UnitFileState,NeedDaemonReload,ActiveState,SubState,Type,"
		"Result,NRestarts,InactiveExitTimestampMonotonic";
	const char *argv[] = {KB_PATH_SYSTEMCTL, "show", properties, "--", name, NULL};
	struct kb_unit_state state = {.loaded = false};
	struct kb_proc proc = {.argv = argv,
			       .env = environment,
			       .timeout = SHOW_TIMEOUT,
			       .line = on_property,
			       .ctx = &state};
	struct kb_proc_result result;
	int rc = kb_proc_run(&proc, &result, err);

	if (rc < 0)
		return rc;
	if (result.status != 0 || !state.active[0])
		return kb_err_set(err, KB_E_DEPENDENCY,
				  "systemctl does not answer about %s: is systemd running?", name);
	*ret_state = state;
	return 0;
}

bool kb_unit_is_up(const struct kb_unit_state *state)
{
	if (strcmp(state->active, "active") == 0)
		return true;
	return strcmp(state->type, "oneshot") == 0 && strcmp(state->active, "inactive") == 0 &&
	       strcmp(state->result, "success") == 0 && state->started;
}

static void on_output(void *ctx, enum kb_proc_stream stream, const char *line, size_t len, bool cut)
{
	kb_output_line(ctx, stream, line, len, cut);
}

int kb_unit_do(struct kb_report *report, const char *id, const char *verb, const char *name,
	       uint32_t timeout, struct kb_err *err)
{
	const char *argv[] = {
		KB_PATH_SYSTEMCTL, "--no-ask-password", verb, name ? "--" : NULL, name, NULL};
	kb_autofree char *called =
		kb_format("systemctl %s%s%s", verb, name ? " " : "", name ? name : "");
	const struct kb_tool tool = {
		.argv = argv, .env = environment, .timeout = timeout, .called = called};

	return kb_tool_act(report, id, &tool, err);
}

static int not_up(const char *name, const struct kb_unit_state *state, int code, struct kb_err *err)
{
	return kb_err_set(err, code, "%s is %s (%s, result %s)", name, state->active, state->sub,
			  state->result);
}

int kb_unit_await(const char *name, uint32_t timeout, struct kb_err *err)
{
	const uint64_t deadline = kb_monotonic_ms() + (uint64_t)timeout * 1000;
	uint64_t up_since = 0, restarts = 0;

	for (;;) {
		struct kb_unit_state state;
		int rc = kb_unit_show(name, &state, err);
		uint64_t now = kb_monotonic_ms();

		if (rc < 0)
			return rc;
		if (strcmp(state.active, "failed") == 0)
			return not_up(name, &state, KB_E_STEP, err);
		if (!kb_unit_is_up(&state) || (up_since && state.restarts != restarts))
			up_since = 0;
		else if (!up_since)
			up_since = now;
		restarts = state.restarts;
		if (up_since && now - up_since >= STEADY_MS)
			return 0;
		if (now >= deadline)
			return not_up(name, &state, KB_E_TIMEOUT, err);
		/* the first request waits: what was started is better recorded as
		 * started than started again the next time */
		if (kb_signals_now())
			return kb_signals_check(err);
		nanosleep(&(struct timespec){0, POLL_MS * 1000000L}, NULL);
	}
}

void kb_unit_show_log(struct kb_report *report, const char *id, const char *name)
{
	const char *argv[] = {KB_PATH_JOURNALCTL, "--no-pager", "--quiet", "--output=cat",
			      "--lines=20",       "--unit",     name,      NULL};
	struct kb_output output = {.report = report, .id = id, .silent = true};
	struct kb_proc proc = {.argv = argv,
			       .env = environment,
			       .timeout = SHOW_TIMEOUT,
			       .line = on_output,
			       .ctx = &output};
	struct kb_proc_result result;

	if (kb_proc_run(&proc, &result, NULL) == 0)
		kb_output_show_tail(&output);
	kb_output_free(&output);
}
