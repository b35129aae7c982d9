#include "tests/unit/unit.h"

#include <string.h>

#include "builder/lint.h"

/* How many commands in TEXT start a container and may pull. */
static int count(const char *text)
{
	struct kb_lint_pull pull = {.line = 0};
	int n = 0;

	for (size_t number = 1; *text; number++) {
		size_t len = strcspn(text, "\n");

		if (kb_lint_pull(&pull, text, len, number)) {
			n += !pull.never;
			memset(&pull, 0, sizeof(pull));
		}
		text += len + (text[len] == '\n');
	}
	return n;
}

KB_TEST(G22_a_container_that_may_be_pulled_is_found)
{
	assert_int_equal(count("ExecStart=/usr/bin/docker run --rm redis:7\n"), 1);
	assert_int_equal(count("\"$DOCKER\" run -d redis:7"), 1);
	assert_int_equal(count("${DOCKER} create redis:7"), 1);
	assert_int_equal(count("docker container run redis:7\ndocker\trun x"), 2);
	assert_int_equal(count("docker run \\\n  --network host \\\n  redis:7\n"), 1);
	assert_int_equal(count("docker run\\\n  redis:7 # --pull=always\n"), 1);
	assert_int_equal(count("docker run --pull=never a\ndocker run b\n"), 1);
}

KB_TEST(G22_what_cannot_pull_is_left_alone)
{
	assert_int_equal(count("docker run --rm --pull=never redis:7"), 0);
	assert_int_equal(count("docker run \\\n  --rm \\\n  --pull=never redis:7\n"), 0);
	assert_int_equal(count("# docker run redis:7"), 0);
	assert_int_equal(count("docker exec redis run\ndocker runs\ndocker rm x"), 0);
	assert_int_equal(count("ExecStop=/usr/bin/docker stop redis"), 0);
	assert_int_equal(count(""), 0);
}
