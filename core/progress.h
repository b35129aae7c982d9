/* Progress as a callback: core and steps say how far they are, the command
 * decides how to show it. Never called from a worker thread. */
#ifndef CORE_PROGRESS_H
#define CORE_PROGRESS_H

#include <stdint.h>

struct kb_progress {
	/* DONE of TOTAL bytes of WHAT ("verify", "load images"); may return
	 * non-zero to stop at the next safe point (KB_E_INTERRUPTED). */
	int (*step)(void *ctx, const char *what, uint64_t done, uint64_t total);
	void *ctx;
};

static inline int kb_progress_step(const struct kb_progress *p, const char *what, uint64_t done,
				   uint64_t total)
{
	return p && p->step ? p->step(p->ctx, what, done, total) : 0;
}

/* The display both programs use: a bar with bytes, rate and time left on a
 * terminal, one line every few seconds elsewhere, nothing when quiet. Shown on
 * stderr only when the work lasts over a second. Honours NO_COLOR and
 * TERM=dumb; never goes backwards. */
struct kb_meter;
struct kb_meter *kb_meter_new(int quiet, int json);
void kb_meter_progress(struct kb_meter *meter, struct kb_progress *ret_progress);
void kb_meter_clear(struct kb_meter *meter); /* end the current line */
void kb_meter_free(struct kb_meter *meter);

#endif
