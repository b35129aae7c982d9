/* One run of the program: what the operator asked for, the bundle it is about,
 * and how it talks. Verbs get it and fill in what they need. */
#ifndef STUB_RUN_H
#define STUB_RUN_H

#include <stdbool.h>

#include "core/bundle.h"
#include "core/cli.h"
#include "core/json.h"
#include "stub/report.h"

struct kb_run {
	int rootfd;
	bool json, quiet, yes;
	bool acts;         /* the chosen verb's */
	char *log;         /* --log; all paths are absolute by now */
	char *trust_dir;   /* --trust-dir */
	char *inventory;   /* --inventory, or NULL */
	char *credentials; /* --credentials */
	char *downgrade;   /* --downgrade, or NULL */
	const char *host;  /* --host, or NULL */
	bool by_fingerprint;
	struct kb_digest fingerprint; /* --trust-fingerprint */

	bool self;  /* this file carries the bundle */
	char *file; /* the bundle's path, for messages; NULL before it is known */

	struct kb_report report;
	struct kb_buf result; /* the JSON object that ends the output.. */
	struct kb_json out;   /* ..open, for verbs to add their members to */
};

/* A row of the table in main.c. */
struct kb_verb {
	const char *name;
	const char *summary;
	const char *usage; /* behind the program's name */
	const char *help;  /* words and examples, a screen at most */
	bool needs_root;
	bool acts; /* what it does counts, not what it prints: a full disk behind
		    * stdout does not make an install a failure */
	int (*run)(struct kb_run *run, struct kb_args *args, struct kb_err *err);
};

extern const struct kb_verb kb_verb_install, kb_verb_plan, kb_verb_verify, kb_verb_info,
	kb_verb_list, kb_verb_extract, kb_verb_status, kb_verb_check, kb_verb_failover,
	kb_verb_uninstall, kb_verb_purge, kb_verb_credentials;

/* Take the options every verb knows. */
int kb_run_options(struct kb_run *run, struct kb_args *args, struct kb_err *err);
void kb_run_free(struct kb_run *run);

/* A bundle's file: ourselves, or the next word of ARGS. KB_E_DAMAGED when we
 * are a bundle that was cut short. */
int kb_source_find_self(struct kb_run *run, struct kb_err *err);
/* For verbs with words after the file's: take it now. */
int kb_source_choose(struct kb_run *run, struct kb_args *args, struct kb_err *err);
int kb_source_open(struct kb_run *run, struct kb_args *args, struct kb_bundle **ret_bundle,
		   struct kb_err *err);

/* After a verified install: the key that was accepted by its fingerprint
 * becomes an anchor. */
int kb_trust_pin(struct kb_run *run, const struct kb_bundle *bundle, struct kb_err *err);

#endif
