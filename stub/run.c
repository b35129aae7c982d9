#include "stub/run.h"

#include <stdlib.h>
#include <string.h>

#include "stub/paths.h"
#include "stub/setup.h"

static int take_path(struct kb_args *args, const char *name, const char *fallback, char **ret_path,
		     struct kb_err *err)
{
	return kb_setup_path(kb_args_option(args, name, 0, fallback), ret_path, err);
}

static int take_fingerprint(struct kb_run *run, struct kb_args *args, struct kb_err *err)
{
	const char *hex = kb_args_option(args, "trust-fingerprint", 0, NULL);

	if (!hex)
		return 0;
	if (!kb_digest_parse(hex, &run->fingerprint))
		return kb_err_set(err, KB_E_USAGE,
				  "--trust-fingerprint takes 64 lower-case hexadecimal digits, the "
				  "SHA-256 of the public key's file");
	run->by_fingerprint = true;
	return 0;
}

int kb_run_options(struct kb_run *run, struct kb_args *args, struct kb_err *err)
{
	int rc;

	run->yes = kb_args_flag(args, "yes", 'y');
	run->host = kb_args_option(args, "host", 0, NULL);
	if ((rc = take_path(args, "log", NULL, &run->log, err)) < 0 ||
	    (rc = take_path(args, "trust-dir", KB_PATH_TRUST, &run->trust_dir, err)) < 0 ||
	    (rc = take_path(args, "downgrade", NULL, &run->downgrade, err)) < 0 ||
	    (rc = take_path(args, "inventory", NULL, &run->inventory, err)) < 0 ||
	    (rc = take_path(args, "credentials", KB_PATH_CREDENTIALS, &run->credentials, err)) < 0)
		return rc;
	return take_fingerprint(run, args, err);
}

void kb_run_free(struct kb_run *run)
{
	kb_report_free(&run->report);
	kb_buf_free(&run->result);
	free(run->log);
	free(run->trust_dir);
	free(run->downgrade);
	free(run->inventory);
	free(run->credentials);
	free(run->file);
}
