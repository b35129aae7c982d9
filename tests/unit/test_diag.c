#include "core/diag.h"

#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

static char *printed(const struct kb_diag *diag)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	kb_diag_print(diag, out);
	fclose(out);
	return text;
}

KB_TEST(diag_sorts_by_place_and_keeps_order)
{
	kb_autodiag struct kb_diag diag = KB_DIAG_INIT;
	kb_autofree char *text = NULL;

	kb_diag_add(&diag, "b.yaml", 1, 1, "six");
	kb_diag_add(&diag, "a.yaml", 10, 2, "four");
	kb_diag_add(&diag, "a.yaml", 9, 3, "two");
	kb_diag_add(&diag, "a.yaml", 9, 3, "three");
	kb_diag_add(&diag, "a.yaml", 0, 0, "one");
	kb_diag_add(&diag, "a.yaml", 11, 0, "five\n%d", 5);
	kb_diag_sort(&diag);
	text = printed(&diag);
	assert_string_equal(text, "a.yaml: one\n"
				  "a.yaml:9:3: two\n"
				  "a.yaml:9:3: three\n"
				  "a.yaml:10:2: four\n"
				  "a.yaml:11: five\\x0a5\n"
				  "b.yaml:1:1: six\n");
}

KB_TEST(diag_result_names_the_first_and_counts_the_rest)
{
	kb_autodiag struct kb_diag diag = KB_DIAG_INIT;
	struct kb_err err = {0};

	assert_int_equal(kb_diag_result(&diag, 0, KB_E_INVALID, &err), 0);
	assert_int_equal(err.code, 0);
	kb_diag_add(&diag, "f", 1, 2, "first");
	assert_int_equal(kb_diag_result(&diag, 0, KB_E_INVALID, &err), KB_E_INVALID);
	assert_string_equal(err.text, "f:1:2: first");
	kb_diag_add(&diag, "f", 3, 4, "second");
	kb_diag_add(&diag, "f", 5, 6, "third");
	kb_diag_result(&diag, 0, KB_E_INVALID, &err);
	assert_string_equal(err.text, "f:1:2: first (and 2 more)");
	kb_diag_result(&diag, 1, KB_E_INVALID, &err);
	assert_string_equal(err.text, "f:3:4: second (and 1 more)");
	assert_int_equal(kb_diag_result(&diag, 3, KB_E_INVALID, &err), 0);
}

KB_TEST(diag_keeps_a_bounded_number)
{
	kb_autodiag struct kb_diag diag = KB_DIAG_INIT;
	kb_autofree char *text = NULL;

	for (size_t i = 0; i < KB_DIAG_MAX + 7; i++)
		kb_diag_add(&diag, "f", i + 1, 1, "x");
	assert_int_equal(kb_diag_count(&diag), KB_DIAG_MAX + 7);
	text = printed(&diag);
	assert_non_null(strstr(text, "\nand 7 more\n"));
}
