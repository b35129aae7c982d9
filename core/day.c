#include "core/day.h"

#include <stdio.h>
#include <string.h>

enum { YEAR_MIN = 1970, YEAR_MAX = 9999 };

/* Both ways by H. Hinnant's public algorithm: years that begin in March, in eras
 * of 400. */
static void civil(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
	int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
	unsigned doe = (unsigned)(z - era * 146097);
	unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;

	*day = doy - (153 * mp + 2) / 5 + 1;
	*month = mp < 10 ? mp + 3 : mp - 9;
	*year = (int64_t)yoe + era * 400 + (*month <= 2);
}

static int64_t days_of(unsigned year, unsigned month, unsigned day)
{
	unsigned y = year - (month <= 2), era = y / 400, yoe = y - era * 400;
	unsigned doy = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return (int64_t)era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

/* N digits as a number; one above all that are looked for when there is another
 * sign. */
static unsigned number(const char *text, size_t n)
{
	unsigned value = 0;

	for (size_t i = 0; i < n; i++) {
		if (text[i] < '0' || text[i] > '9')
			return YEAR_MAX + 1;
		value = value * 10 + (unsigned)(text[i] - '0');
	}
	return value;
}

bool kb_day_parse(const char *text, uint64_t *ret_seconds)
{
	unsigned year, month, day, back_month, back_day;
	int64_t days, back_year;

	if (strlen(text) != KB_DAY_LEN || text[4] != '-' || text[7] != '-')
		return false;
	year = number(text, 4);
	month = number(text + 5, 2);
	day = number(text + 8, 2);
	if (year < YEAR_MIN || year > YEAR_MAX || month < 1 || month > 12 || day < 1 || day > 31)
		return false;
	days = days_of(year, month, day);
	civil(days, &back_year, &back_month, &back_day); /* 30 February comes back as March */
	if (back_month != month)
		return false;
	*ret_seconds = (uint64_t)days * KB_DAY_SECONDS;
	return true;
}

void kb_day_format(uint64_t seconds, char out[32])
{
	unsigned month, day;
	int64_t year;

	civil((int64_t)(seconds / KB_DAY_SECONDS), &year, &month, &day);
	if (year > YEAR_MAX)
		year = YEAR_MAX;
	snprintf(out, 32, "%04d-%02u-%02u", (int)year, month, day);
}

void kb_time_format(int64_t seconds, char out[32])
{
	char day[32];
	unsigned rest;

	if (seconds < 0)
		seconds = 0;
	rest = (unsigned)(seconds % KB_DAY_SECONDS);
	kb_day_format((uint64_t)seconds, day);
	snprintf(out, 32, "%.10sT%02u:%02u:%02uZ", day, rest / 3600, rest / 60 % 60, rest % 60);
}
