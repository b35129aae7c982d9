/* A host made of a folder, for tests that are scripts.
 *
 *	host BUNDLES PROGRAM SYSTEMCTL SCRIPT [WORD ..]
 *	host --reset
 *	host --list
 *
 * The first makes the host and runs SCRIPT, which finds its root in WORLD and this
 * program in HOST; the host is gone when the script ends, and its exit status is
 * ours. The other two are for the script: back to before the first install, and
 * the list that tells two hosts apart (see tests/faults/world.h).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/faults/fail.h"
#include "tests/faults/world.h"

static void serve(const char *what)
{
	struct world w = {.root = getenv("WORLD"), .bundles = getenv("WORLD_BUNDLES")};
	kb_autobuf struct kb_buf out = KB_BUF_INIT;

	if (!w.root || !w.bundles)
		fail("%s is for the scripts that this program runs", what);
	if (strcmp(what, "--reset") == 0) {
		world_reset(&w);
	} else {
		world_list(&w, &out);
		fwrite(out.data, 1, out.len, stdout);
	}
}

static void tell(const struct world *w)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n <= 0)
		fail("the name of this program");
	self[n] = '\0';
	if (setenv("HOST", self, 1) < 0 || setenv("WORLD", w->root, 1) < 0 ||
	    setenv("WORLD_BUNDLES", w->bundles, 1) < 0)
		fail("the environment of the script");
}

/* What the script leaves behind would hold the folder's file system. */
static int run(char **argv)
{
	pid_t pid = fork();
	int status = 0;

	if (pid < 0)
		fail("fork");
	if (pid == 0) {
		execv(argv[0], argv);
		fail("run %s", argv[0]);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			fail("wait for %s", argv[0]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	char folder[] = "/tmp/keybuzz-host.XXXXXX";
	kb_autofree char *base = NULL;
	struct world world;
	int status;

	if (argc == 2 && argv[1][0] == '-') {
		serve(argv[1]);
		return 0;
	}
	if (argc < 5) {
		fprintf(stderr, "usage: %s BUNDLES PROGRAM SYSTEMCTL SCRIPT [WORD ..]\n", argv[0]);
		return 2;
	}
	if (!mkdtemp(folder) || prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		fail("a folder for the host");
	base = kb_format("%s/world", folder);
	world_make(&world, base, argv[1], argv[3], argv[2]);
	world_reset(&world);
	tell(&world);
	status = run(argv + 4);
	world_free(&world);
	umount2(base, MNT_DETACH);
	rmdir(base);
	rmdir(folder);
	return status;
}
