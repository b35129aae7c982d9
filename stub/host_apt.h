/* The distribution's own package manager, made to see nothing but one folder of
 * ours: its configuration, one local source, its lists and its cache. Its
 * database, locks and logs are the host's.
 */
#ifndef STUB_HOST_APT_H
#define STUB_HOST_APT_H

#include "core/err.h"
#include "core/mem.h"

struct kb_scene;
struct kb_output;
struct kb_package_plan;

struct kb_host_apt {
	struct kb_scene *scene;
	const struct kb_package_plan *plan;
	char *path; /* of the folder: absolute, of plain characters; freed by close */
	int dirfd;
	struct kb_output *output; /* what programs say is shown as the step's; NULL: only kept */
	struct kb_buf said;       /* by the last program */
};
void kb_host_apt_close(struct kb_host_apt *apt);
#define kb_autohostapt __attribute__((cleanup(kb_host_apt_close)))

/* Write configuration, source and index into the empty folder, and let apt-get
 * read them. KB_E_DEPENDENCY says why it cannot. */
int kb_host_apt_prepare(struct kb_host_apt *apt, struct kb_err *err);

/* Run apt-get or dpkg: 0 and the exit status when it ended by itself. */
int kb_host_apt_run(struct kb_host_apt *apt, const char *const *argv, int *ret_status,
		    struct kb_err *err);

#endif
