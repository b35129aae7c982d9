#include <time.h>

#include "core/day.h"
#include "tests/unit/unit.h"

KB_TEST(dates_are_written_without_a_time_zone_file)
{
	static const struct {
		uint64_t at;
		const char *text;
	} rows[] = {{0, "1970-01-01T00:00:00Z"},          {951782399, "2000-02-28T23:59:59Z"},
		    {951782400, "2000-02-29T00:00:00Z"},  {2147483648, "2038-01-19T03:14:08Z"},
		    {4294967296, "2106-02-07T06:28:16Z"}, {4107542400, "2100-03-01T00:00:00Z"}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[32];

		kb_time_format((int64_t)rows[i].at, text);
		assert_string_equal(text, rows[i].text);
	}
}

KB_TEST(days_are_those_of_the_calendar)
{
	static const char *const bad[] = {
		"2026-02-30",  "2026-02-29", "1900-02-28", "1969-12-31", "2100-02-29",
		"2026-04-31",  "2026-13-01", "2026-00-10", "2026-01-00", "2026-1-31",
		"2026-01-031", "2026/01/31", "+026-01-31", "2026-01-3 ", "",
	};
	uint64_t at;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(kb_day_parse(bad[i], &at));
	assert_true(kb_day_parse("9999-12-31", &at));
}

/* 400 years: every kind of year and month. */
KB_TEST(every_day_is_read_as_it_is_written)
{
	for (uint64_t day = 0; day < 146097; day++) {
		time_t at = (time_t)(day * KB_DAY_SECONDS);
		char text[32], wanted[32];
		uint64_t back = 1;
		struct tm tm;

		kb_day_format((uint64_t)at, text);
		assert_non_null(gmtime_r(&at, &tm));
		assert_true(strftime(wanted, sizeof(wanted), "%Y-%m-%d", &tm) > 0);
		assert_string_equal(text, wanted);
		assert_true(kb_day_parse(text, &back));
		assert_true(back == (uint64_t)at);
	}
}
