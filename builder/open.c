#include "builder/open.h"

#include <errno.h>
#include <fcntl.h>

int kb_open_trust(struct kb_args *args, struct kb_trust *ret_trust, struct kb_err *err)
{
	const char *dir = kb_args_option(args, "trust-dir", 0, "/etc/keybuzz/trust");
	const char *hex = kb_args_option(args, "trust-fingerprint", 0, NULL);
	int rc = kb_trust_load(dir, ret_trust, err);

	if (rc < 0 || !hex)
		return rc;
	if (!kb_digest_parse(hex, &ret_trust->fingerprint))
		return kb_err_set(err, KB_E_USAGE,
				  "--trust-fingerprint: 64 lower-case hex digits, as sha256sum of "
				  "the public key prints them");
	ret_trust->by_fingerprint = true;
	return 0;
}

int kb_open_next(struct kb_args *args, const struct kb_trust *trust, struct kb_bundle **ret_bundle,
		 struct kb_err *err)
{
	const char *path = kb_args_positional(args);
	int fd;

	if (!path)
		return kb_err_set(err, KB_E_USAGE, "which bundle? Name a .run file");
	/* O_NONBLOCK: a FIFO must not hang us; it is refused by its type */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return kb_err_errno(err, errno == ENOENT ? KB_E_MISSING : KB_E_IO, "%s", path);
	return kb_bundle_open(fd, path, trust, ret_bundle, err);
}

int kb_open_bundle(struct kb_args *args, struct kb_bundle **ret_bundle, struct kb_err *err)
{
	struct kb_trust trust;
	int rc = kb_open_trust(args, &trust, err);

	return rc < 0 ? rc : kb_open_next(args, &trust, ret_bundle, err);
}
