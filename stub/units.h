/* Services, through systemctl: by its absolute path and argv, so whatever
 * speaks to the service manager on this host is what its administrator has. */
#ifndef STUB_UNITS_H
#define STUB_UNITS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "stub/report.h"

struct kb_unit_state {
	bool loaded; /* systemd knows its file */
	bool enabled;
	bool need_reload; /* its file is newer than what systemd read */
	char active[32];  /* "active", "failed", .. */
	char sub[32];     /* "running", "exited", .. */
	char type[32];
	char result[32];
	uint64_t restarts;
	uint64_t started; /* when it last became active, on systemd's clock; 0: never */
};

/* A unit nobody knows is not loaded, which is no error. */
int kb_unit_show(const char *name, struct kb_unit_state *ret_state, struct kb_err *err);

/* Does it do its work: active, or a one-shot that ran well? */
bool kb_unit_is_up(const struct kb_unit_state *state);

/* One verb of systemctl ("start"), at most TIMEOUT seconds; NAME may be NULL. What
 * it prints goes to REPORT under ID. */
int kb_unit_do(struct kb_report *report, const char *id, const char *verb, const char *name,
	       uint32_t timeout, struct kb_err *err);

/* Wait until it is up and stays up for a second: a program that dies at once
 * was not started. KB_E_TIMEOUT, or KB_E_STEP when it failed. */
int kb_unit_await(const char *name, uint32_t timeout, struct kb_err *err);

/* Its last lines from the journal, into the report. */
void kb_unit_show_log(struct kb_report *report, const char *id, const char *name);

#endif
