/* Unit tests register themselves: write KB_TEST(what_it_proves) { ... } and the
 * runner in main.c finds it. Assertions are cmocka's. `unit NAME` runs the
 * tests whose file or name contains NAME. */
#ifndef TESTS_UNIT_UNIT_H
#define TESTS_UNIT_UNIT_H

/* cmocka.h wants these first */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

void kb_test_register(const char *file, const char *name, void (*fn)(void **state));

/* A scratch directory of this process, removed at exit. */
const char *kb_test_dir(void);

/* A path below ../shared/data, or NULL where that folder is absent; then the
 * test says so and calls skip(). */
const char *kb_test_data(const char *name);

#define KB_TEST(test_name)                                                  \
	static void test_name(void **state);                                \
	static void __attribute__((constructor)) register_##test_name(void) \
	{                                                                   \
		kb_test_register(__FILE__, #test_name, test_name);          \
	}                                                                   \
	static void test_name(void **state __attribute__((unused)))

#endif
