/* Run every kept input of every target: tests/fuzz/replay FOLDER [TARGET].
 *
 * A child takes the inputs of a target one after the other and names each
 * before it begins; when it dies, that one has failed and a new child goes on
 * behind it. The leak sanitizer speaks when a child ends: then the target as a
 * whole has failed.
 */
#include <dirent.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

enum { TARGETS_MAX = 64, INPUT_MAX = 8 << 20 };

static struct {
	const char *name;
	kb_fuzz_fn fn;
} targets[TARGETS_MAX];
static size_t n_targets;
static unsigned passed, failed;

void kb_fuzz_register(const char *name, kb_fuzz_fn fn)
{
	if (n_targets == TARGETS_MAX)
		abort();
	targets[n_targets].name = name;
	targets[n_targets++].fn = fn;
}

static int is_input(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* A copy of exactly the file's size, so that a read behind its end is seen. */
static void run_file(kb_fuzz_fn fn, const char *dir, const char *name)
{
	char path[4096];
	struct stat st;
	uint8_t *data;
	FILE *in;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	in = fopen(path, "re");
	if (!in || fstat(fileno(in), &st) < 0 || st.st_size > INPUT_MAX) {
		perror(path);
		abort();
	}
	data = malloc((size_t)st.st_size);
	if (!data || fread(data, 1, (size_t)st.st_size, in) != (size_t)st.st_size)
		abort();
	fclose(in);
	fn(data, (size_t)st.st_size);
	free(data);
}

/* From input AT on in a child; *DONE is shared with it. True when it lived. */
static bool run_child(kb_fuzz_fn fn, const char *dir, struct dirent **names, int at, int n,
		      volatile int *done)
{
	int status;
	pid_t pid = fork();

	if (pid < 0) {
		perror("fork");
		exit(1);
	}
	if (pid == 0) {
		for (*done = at; *done < n; ++*done)
			run_file(fn, dir, names[*done]->d_name);
		exit(0);
	}
	while (waitpid(pid, &status, 0) < 0)
		;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void run_target(size_t t, const char *root, volatile int *done)
{
	struct dirent **names = NULL;
	char dir[2048];
	int n, at = 0;
	unsigned bad = 0;

	snprintf(dir, sizeof(dir), "%s/%s", root, targets[t].name);
	n = scandir(dir, &names, is_input, alphasort);
	if (n <= 0) {
		printf("fuzz %s: no inputs in %s\n", targets[t].name, dir);
		failed++;
		return;
	}
	while (at < n && !run_child(targets[t].fn, dir, names, at, n, done)) {
		printf("fuzz %s: %s/%s fails\n", targets[t].name, dir,
		       *done < n ? names[*done]->d_name : "(memory is leaked)");
		bad++;
		at = *done + 1;
	}
	printf("fuzz %-10s %4d inputs, %u failed\n", targets[t].name, n, bad);
	passed += (unsigned)n > bad ? (unsigned)n - bad : 0;
	failed += bad;
	for (int i = 0; i < n; i++)
		free(names[i]);
	free(names);
}

int main(int argc, char **argv)
{
	volatile int *done = mmap(NULL, sizeof(*done), PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	const char *root = argc > 1 ? argv[1] : "tests/fuzz/corpus";

	if (done == MAP_FAILED)
		return 1;
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t t = 0; t < n_targets; t++)
		if (argc < 3 || strcmp(argv[2], targets[t].name) == 0)
			run_target(t, root, done);
	printf("%u passed, %u failed\n", passed, failed);
	return failed || !passed;
}
