/* Days of the calendar and times of them, in UTC. No time zone file is ever
 * opened, and no leap second counted: a day has 86,400 seconds, as in POSIX. */
#ifndef CORE_DAY_H
#define CORE_DAY_H

#include <stdbool.h>
#include <stdint.h>

#define KB_DAY_LEN     10 /* "2026-11-23" */
#define KB_DAY_SECONDS 86400

/* TEXT, a day of the years 1970 to 9999 that the calendar has, as its first
 * second since 1970. */
bool kb_day_parse(const char *text, uint64_t *ret_seconds);

/* "2026-11-23" of seconds since 1970; years end with 9999. */
void kb_day_format(uint64_t seconds, char out[32]);
/* "2026-11-23T04:05:06Z". */
void kb_time_format(int64_t seconds, char out[32]);

#endif
