#include "builder/lock_file.h"

#include <fcntl.h>
#include <unistd.h>

#include "core/file.h"

int kb_lock_file_read(const struct kb_site *site, const char *name, kb_lock_take_fn take,
		      void *lock, struct kb_err *err)
{
	kb_autofree char *shown = kb_format("%s/%s", site->dir, name);
	kb_autodiag struct kb_diag diag = KB_DIAG_INIT;
	kb_autoyaml struct kb_yaml *yaml = NULL;
	kb_autoclose int dirfd = -1;
	int rc;

	if (access(shown, F_OK) < 0)
		return kb_err_set(err, KB_E_MISSING,
				  "there is no %s; run: keybuzz-bundle lock (needs the network)",
				  shown);
	dirfd = open(site->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dirfd < 0)
		return kb_err_errno(err, KB_E_IO, "%s", site->dir);
	rc = kb_yaml_load(dirfd, name, shown, &diag, &yaml, err);
	if (rc < 0)
		return kb_diag_count(&diag) ? kb_diag_result(&diag, 0, rc, err) : rc;
	take(lock, &(struct kb_schema){shown, &diag}, kb_yaml_root(yaml));
	return kb_diag_result(&diag, 0, KB_E_INVALID, err);
}
