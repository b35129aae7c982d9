#include "stub/tool.h"

#include "core/proc.h"
#include "stub/signals.h"

static void show_line(void *ctx, enum kb_proc_stream stream, const char *line, size_t len, bool cut)
{
	kb_output_line(ctx, stream, line, len, cut);
}

static bool wants_stop(void *ctx)
{
	(void)ctx;
	return kb_signals_now();
}

int kb_tool_act(struct kb_report *report, const char *id, const struct kb_tool *tool,
		struct kb_err *err)
{
	struct kb_output output = {.report = report, .id = id};
	struct kb_proc proc = {.argv = tool->argv,
			       .env = tool->env,
			       .timeout = tool->timeout,
			       .line = show_line,
			       .stop = wants_stop,
			       .ctx = &output};
	struct kb_proc_result result;
	char how[64];
	int rc;

	kb_signals_program(true);
	rc = kb_proc_run(&proc, &result, err);
	kb_signals_program(false);
	if (rc == 0 && result.stopped)
		rc = kb_signals_check(err);
	else if (rc == 0 && (result.status != 0 || result.timed_out)) {
		kb_proc_describe(&proc, &result, how, sizeof(how));
		rc = kb_err_set(err, result.timed_out ? KB_E_TIMEOUT : KB_E_STEP, "%s: %s: %s",
				tool->called, how, kb_output_reason(&output));
	}
	kb_output_free(&output);
	return rc;
}
