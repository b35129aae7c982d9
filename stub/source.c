#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/bytes.h"
#include "core/file.h"
#include "core/format.h"
#include "stub/paths.h"
#include "stub/run.h"
#include "stub/setup.h"
#include "stub/trustcheck.h"

/* Where an ELF file ends that nothing was cut from: our linker puts the
 * section headers last. Offsets are those of the 64-bit header. */
static int elf_end(int fd, uint64_t *ret_end, struct kb_err *err)
{
	uint8_t h[sizeof(Elf64_Ehdr)];
	int rc = kb_pread_full(fd, h, sizeof(h), 0, err);

	if (rc < 0)
		return rc;
	*ret_end = kb_get64(h + offsetof(Elf64_Ehdr, e_shoff)) +
		   (uint64_t)kb_get16(h + offsetof(Elf64_Ehdr, e_shentsize)) *
			   kb_get16(h + offsetof(Elf64_Ehdr, e_shnum));
	return 0;
}

static char *own_path(void)
{
	char path[PATH_MAX];
	ssize_t n = readlink(KB_PATH_SELF, path, sizeof(path) - 1);

	return n > 0 ? kb_strndup(path, (size_t)n) : kb_strdup("this file");
}

int kb_source_find_self(struct kb_run *run, struct kb_err *err)
{
	kb_autoclose int fd = open(KB_PATH_SELF, O_RDONLY | O_CLOEXEC);
	struct stat st;
	uint64_t end;
	int rc;

	if (fd < 0 || fstat(fd, &st) < 0)
		return kb_err_errno(err, errno == ENOENT ? KB_E_ENVIRONMENT : KB_E_IO,
				    "open " KB_PATH_SELF);
	run->self = (uint64_t)st.st_size > KB_STUB_SPAN;
	if (run->self) {
		run->file = own_path();
		return 0;
	}
	/* the program alone, or the beginning of a bundle */
	if ((rc = elf_end(fd, &end, err)) < 0)
		return rc;
	if ((uint64_t)st.st_size == end)
		return 0;
	return kb_err_set(err, KB_E_DAMAGED,
			  "this file was cut short: it has %lld bytes and is no whole bundle; "
			  "copy it again",
			  (long long)st.st_size);
}

int kb_source_choose(struct kb_run *run, struct kb_args *args, struct kb_err *err)
{
	const char *word;

	if (run->file)
		return 0;
	word = kb_args_positional(args);
	if (!word)
		return kb_err_set(err, KB_E_USAGE, "which bundle? Name a keybuzz-ROLE.run file");
	return kb_setup_path(word, &run->file, err);
}

int kb_source_open(struct kb_run *run, struct kb_args *args, struct kb_bundle **ret_bundle,
		   struct kb_err *err)
{
	struct kb_trust trust;
	const char *path;
	int fd, rc;

	if ((rc = kb_source_choose(run, args, err)) < 0 || (rc = kb_args_end(args, err)) < 0 ||
	    (rc = kb_trustcheck_load(run, &trust, err)) < 0)
		return rc;
	path = run->self ? KB_PATH_SELF : run->file;
	/* O_NONBLOCK: a FIFO must not hang us; it is refused by its type */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return kb_err_errno(err, errno == ENOENT ? KB_E_MISSING : KB_E_IO, "%s", run->file);
	rc = kb_bundle_open(fd, run->file, &trust, ret_bundle, err);
	if (rc == KB_E_TRUST)
		kb_trustcheck_explain(run, &trust);
	return rc;
}
