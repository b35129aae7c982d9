/* The test itself cannot go on: say why and end. */
#ifndef TESTS_FAULTS_FAIL_H
#define TESTS_FAULTS_FAIL_H

#include "core/err.h"

void fail(const char *fmt, ...) KB_PRINTF(1, 2) __attribute__((noreturn));

#endif
