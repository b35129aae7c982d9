#include "builder/open.h"

#include <errno.h>
#include <fcntl.h>

void kb_open_trust_take(struct kb_args *args, struct kb_trust_choice *ret_choice)
{
	ret_choice->dir = kb_args_option(args, "trust-dir", 0, "/etc/keybuzz/trust");
	ret_choice->fingerprint = kb_args_option(args, "trust-fingerprint", 0, NULL);
}

int kb_open_trust(const struct kb_trust_choice *choice, struct kb_trust *ret_trust,
		  struct kb_err *err)
{
	int rc = kb_trust_load(choice->dir, ret_trust, err);

	if (rc < 0 || !choice->fingerprint)
		return rc;
	if (!kb_digest_parse(choice->fingerprint, &ret_trust->fingerprint))
		return kb_err_set(err, KB_E_USAGE,
				  "--trust-fingerprint: 64 lower-case hex digits, as sha256sum of "
				  "the public key prints them");
	ret_trust->by_fingerprint = true;
	return 0;
}

int kb_open_path_take(struct kb_args *args, const char **ret_path, struct kb_err *err)
{
	*ret_path = kb_args_positional(args);
	return *ret_path ? 0 : kb_err_set(err, KB_E_USAGE, "which bundle? Name a .run file");
}

int kb_open_path(const char *path, const struct kb_trust *trust, struct kb_bundle **ret_bundle,
		 struct kb_err *err)
{
	/* O_NONBLOCK: a FIFO must not hang us; it is refused by its type */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return kb_err_errno(err, errno == ENOENT ? KB_E_MISSING : KB_E_IO, "%s", path);
	return kb_bundle_open(fd, path, trust, ret_bundle, err);
}

int kb_open_bundle(struct kb_args *args, struct kb_bundle **ret_bundle, struct kb_err *err)
{
	struct kb_trust_choice choice;
	struct kb_trust trust;
	const char *path;
	int rc;

	kb_open_trust_take(args, &choice);
	if ((rc = kb_open_path_take(args, &path, err)) < 0 || (rc = kb_args_end(args, err)) < 0 ||
	    (rc = kb_open_trust(&choice, &trust, err)) < 0)
		return rc;
	return kb_open_path(path, &trust, ret_bundle, err);
}
