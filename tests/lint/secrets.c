/* Which of the files named on stdin hold something that looks like a secret?
 * The judge is the builder's, so that what our own tree may not hold and what
 * a payload may not hold are the same.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "builder/lint.h"

static int look_into(const char *path)
{
	FILE *in = fopen(path, "re");
	char *line = NULL;
	size_t cap = 0, number = 0, offset;
	ssize_t len;

	if (!in) {
		perror(path);
		return 1;
	}
	while ((len = getline(&line, &cap, in)) >= 0) {
		const char *what = kb_lint_secret(line, (size_t)len, false, &offset);

		number++;
		if (what)
			printf("%s:%zu: looks like %s: %s%s", path, number, what, line,
			       line[len - 1] == '\n' ? "" : "\n");
	}
	free(line);
	fclose(in);
	return 0;
}

int main(void)
{
	char *path = NULL;
	size_t cap = 0;
	ssize_t len;
	int status = 0;

	while ((len = getline(&path, &cap, stdin)) > 0) {
		path[strcspn(path, "\n")] = '\0';
		status |= look_into(path);
	}
	free(path);
	return status;
}
