/* What must hold before the first change, beyond the plan itself: rights, the
 * container engine, the service manager, space where the plan writes, ports,
 * memory. Each adds what it finds; none changes anything. */
#ifndef STUB_PRECHECK_H
#define STUB_PRECHECK_H

#include "stub/plan.h"

/* Before the plan: may we, and is what the role needs there? Opens the engine. */
void kb_precheck_needs(struct kb_scene *scene, struct kb_problems *problems);
/* With the plan: does it fit? The budget is told to the report. */
void kb_precheck_space(struct kb_scene *scene, const struct kb_plan *plan,
		       struct kb_problems *problems);
void kb_precheck_ports(struct kb_scene *scene, struct kb_problems *problems);

/* The pieces, for tests. */

/* Which of PORTS is listened on, from the text of /proc/net/tcp or tcp6; sets
 * BUSY[i]. Lines that are not understood are passed over. */
void kb_ports_parse(const char *text, const uint16_t *ports, size_t n, bool *busy);
/* MemTotal in MiB; 0 when the text does not say. */
uint64_t kb_memory_parse(const char *meminfo);

/* Bytes per file system. */
struct kb_budget_line {
	dev_t device;
	char path[256]; /* the first place on it that was asked for */
	uint64_t need, free;
	uint64_t inodes, free_inodes; /* free_inodes UINT64_MAX: no limit known */
	bool read_only;
};
struct kb_budget {
	struct kb_budget_line at[16];
	size_t n;
};
/* Add a need at PATH, which need not exist yet: its nearest folder counts. */
void kb_budget_add(struct kb_budget *budget, int rootfd, const char *path, uint64_t bytes,
		   uint64_t inodes);

#endif
