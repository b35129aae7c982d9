#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/name.h"
#include "stub/lock.h"
#include "stub/outcome.h"
#include "stub/paths.h"
#include "stub/setup.h"
#include "stub/undo.h"

struct uninstall {
	struct kb_run *run;
	char *role;
	struct kb_statedir state;
	bool dry;
};

/* One line, or one member of "items". */
static void told(void *ctx, enum kb_undo_action action, const char *path, const char *why)
{
	struct uninstall *un = ctx;
	struct kb_json *j = &un->run->out;

	if (!un->run->json) {
		printf("%-9s %s: %s\n", kb_undo_action_name(action), path, why);
		return;
	}
	kb_json_object(j);
	kb_json_key_text(j, "action", kb_undo_action_name(action));
	kb_json_key_text(j, "path", path);
	kb_json_key_text(j, "why", why);
	kb_json_object_end(j);
}

/* Was it ever accepted here? The rollback record outlives the role. */
static int tell_absent(const struct uninstall *un, struct kb_err *err)
{
	struct stat st;

	if (un->state.rollback < 0 ||
	    fstatat(un->state.rollback, un->role, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return kb_err_set(err, KB_E_MISSING, "%s was never installed on this host",
				  un->role);
	if (!un->run->json)
		printf("%s is not installed on this host\n", un->role);
	return 0;
}

static int show(struct uninstall *un, struct kb_err *err)
{
	kb_autoclose int logfd = kb_undo_open(un->state.role, KB_NAME_UNDO);
	struct kb_undo_log log;
	int rc = kb_undo_read(un->state.role, KB_NAME_UNDO, &log, err);

	if (rc < 0)
		return rc;
	for (size_t i = log.n; rc == 0 && i > 0; i--) {
		const struct kb_undo *u = &log.at[i - 1];
		enum kb_undo_action action;

		if (u->unit && u->was == KB_UNDO_ABSENT)
			told(un, KB_UNDO_REMOVE, u->unit, "to be stopped");
		rc = kb_undo_judge(un->run->rootfd, logfd, &log, u, &action, err);
		if (rc == 0 && action != KB_UNDO_NOTHING)
			told(un, action, u->path, kb_undo_why(u, action));
	}
	kb_undo_free(&log);
	return rc;
}

/* From here on the role counts as not installed: whatever comes next, an
 * install does everything anew, and this verb goes on where it stopped. */
static int mark(struct uninstall *un, struct kb_err *err)
{
	kb_autooutcome struct kb_outcome outcome = {.state = KB_OUTCOME_NONE};
	int rc = kb_outcome_read(un->state.role, &outcome, err);

	if (rc < 0)
		return rc;
	if (outcome.state != KB_OUTCOME_NONE) {
		outcome.state = KB_OUTCOME_REMOVING;
		if ((rc = kb_outcome_write(un->state.role, &outcome, err)) < 0)
			return rc;
	}
	if (unlinkat(un->state.role, KB_NAME_JOURNAL, 0) < 0 && errno != ENOENT)
		return kb_err_errno(err, KB_E_IO, "remove the journal");
	return fsync(un->state.role) < 0 ? kb_err_errno(err, KB_E_IO, "sync state") : 0;
}

/* The log goes first and at once, the record of the role with the rest. */
static int remove_state(struct uninstall *un, struct kb_err *err)
{
	kb_autoclose int run = -1;
	int rc;

	if ((rc = kb_undo_forget(un->state.role, KB_NAME_UNDO, err)) < 0 ||
	    (rc = kb_undo_forget(un->state.role, KB_NAME_UPGRADE, err)) < 0)
		return rc;
	if ((rc = kb_path_open_dir(un->run->rootfd, KB_PATH_RUN, NULL, &run, err)) < 0 ||
	    (rc = kb_path_remove_tree(run, un->role, err)) < 0)
		return rc;
	return kb_path_remove_tree(un->state.base, un->role, err);
}

static int uninstall(struct uninstall *un, struct kb_err *err)
{
	struct kb_run *run = un->run;
	int rc;

	kb_report_set_log(&run->report, run->log, un->role, "uninstall");
	kb_report_note(&run->report, "uninstall of %s", un->role);
	if ((rc = mark(un, err)) < 0 ||
	    (rc = kb_undo_all(&run->report, run->rootfd, un->state.role, KB_NAME_UNDO, true, told,
			      un, err)) < 0 ||
	    (rc = remove_state(un, err)) < 0)
		return rc;
	if (!run->json)
		printf("%s: uninstalled; data, credentials, images and packages stay\n", un->role);
	return 0;
}

/* ROLE, or the role of a bundle, which is verified like any other. */
static int choose(struct uninstall *un, struct kb_args *args, struct kb_err *err)
{
	struct kb_bundle *bundle = NULL;
	const char *word;
	int rc;

	if (!un->run->self && (word = kb_args_positional(args))) {
		if (kb_name_check_id(word, NULL) == 0) {
			un->role = kb_strdup(word);
			return kb_args_end(args, err);
		}
		if ((rc = kb_setup_path(word, &un->run->file, err)) < 0)
			return rc;
	}
	if ((rc = kb_source_open(un->run, args, &bundle, err)) < 0)
		return rc;
	un->role = kb_strdup(kb_bundle_manifest(bundle)->role);
	kb_bundle_close(bundle);
	return 0;
}

static int decide(struct uninstall *un, struct kb_err *err)
{
	int rc;

	if (strcmp(un->role, KB_NAME_ROLLBACK) == 0)
		return kb_err_set(err, KB_E_USAGE, "%s is no role", un->role);
	if ((rc = kb_statedir_open(un->run->rootfd, un->role, &un->state, err)) < 0)
		return rc;
	if (un->state.role < 0)
		return tell_absent(un, err);
	return un->dry ? show(un, err) : uninstall(un, err);
}

static int run(struct kb_run *run_, struct kb_args *args, struct kb_err *err)
{
	struct uninstall un = {
		.run = run_, .state = KB_STATEDIR_INIT, .dry = kb_args_flag(args, "dry-run", 'n')};
	kb_autounlock int lock = -1;
	int rc = choose(&un, args, err);

	if (rc == 0)
		rc = kb_lock_take(run_->rootfd, &lock, err);
	if (rc == 0) {
		kb_json_key_text(&run_->out, "role", un.role);
		kb_json_key(&run_->out, "items");
		kb_json_array(&run_->out);
		rc = decide(&un, err);
		kb_json_array_end(&run_->out);
	}
	kb_statedir_close(&un.state);
	free(un.role);
	return rc;
}

const struct kb_verb kb_verb_uninstall = {
	.name = "uninstall",
	.summary = "put back what stood here before; keeps data and credentials",
	.usage = "uninstall [ROLE] [--dry-run] [--json]",
	.help = "Stops the role's services, removes what installs put on this host and restores\n"
		"what they replaced. Needs no bundle: name the role. A folder with something in\n"
		"it stays, and so do files that services write, container images and packages.\n"
		"A file that somebody changed is kept beside its place as .kept. The release\n"
		"number this host accepted stays: an older release is still refused.\n"
		"  -n, --dry-run   say what would be done, change nothing\n",
	.needs_root = true,
	.acts = true,
	.run = run,
};
