/* keybuzz-run, and the program at the beginning of every keybuzz-ROLE.run. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "stub/run.h"
#include "stub/setup.h"
#include "stub/signals.h"

static const struct kb_verb *const verbs[] = {
	&kb_verb_install,  &kb_verb_plan,      &kb_verb_verify, &kb_verb_info,
	&kb_verb_list,     &kb_verb_extract,   &kb_verb_status, &kb_verb_check,
	&kb_verb_failover, &kb_verb_uninstall, &kb_verb_purge,  &kb_verb_credentials};
#define N_VERBS (sizeof(verbs) / sizeof(verbs[0]))

static const char *program(const struct kb_run *run)
{
	const char *slash = run->file ? strrchr(run->file, '/') : NULL;

	return !run->self ? "keybuzz-run" : slash ? slash + 1 : run->file;
}

static void print_help(const struct kb_run *run)
{
	const char *name = program(run), *file = run->self ? "" : " FILE.run";

	printf("%s %s: %s\n\nUsage: %s [VERB]%s [OPTIONS]\n\nVerbs:\n", name, KB_VERSION,
	       run->self ? "a signed, self-contained installer for hosts without a network"
			 : "verify and install keybuzz-ROLE.run bundles",
	       name, file);
	for (size_t i = 0; i < N_VERBS; i++)
		printf("  %-14s %s\n", verbs[i]->name, verbs[i]->summary);
	printf("  %-14s %s\n  %-14s %s\n", "help [VERB]", "this, or more about one verb", "version",
	       "the version of this program");
	printf("\nOptions:\n"
	       "  --trust-dir DIR          trust anchors (default /etc/keybuzz/trust)\n"
	       "  --trust-fingerprint HEX  trust this key; a successful install keeps it\n"
	       "  --inventory FILE         instead of the bundle's servers.tsv\n"
	       "  --credentials DIR        (default /opt/keybuzz-installer/credentials)\n"
	       "  --host NAME              this host's name in the inventory\n"
	       "  --downgrade FILE         permission to go back to this older bundle\n"
	       "  --log FILE  --json  --quiet  --yes  -h, --help\n"
	       "\nExamples:\n"
	       "  %s verify%s\n  %s plan%s --json\n  %s install%s\n"
	       "\nExit statuses and everything else: keybuzz-run(8).\n",
	       name, file, name, file, name, file);
}

static void print_verb_help(const struct kb_run *run, const struct kb_verb *verb)
{
	const char *rest = verb->usage + strlen(verb->name);

	printf("%s %s: %s\n\nUsage: %s %s%s%s\n\n%s", program(run), verb->name, verb->summary,
	       program(run), verb->name,
	       run->self || verb == &kb_verb_status || verb == &kb_verb_uninstall ? ""
										  : " FILE.run",
	       rest, verb->help);
}

static const struct kb_verb *find(const char *name, struct kb_err *err)
{
	const char *names[N_VERBS + 2] = {"help", "version"}, *near;

	for (size_t i = 0; i < N_VERBS; i++) {
		if (!strcmp(verbs[i]->name, name))
			return verbs[i];
		names[i + 2] = verbs[i]->name;
	}
	near = kb_nearest(name, names, N_VERBS + 2);
	kb_err_set(err, KB_E_USAGE, "unknown verb \"%s\"%s%s%s", name,
		   near ? "; did you mean " : "; see --help", near ? near : "", near ? "?" : "");
	return NULL;
}

static int run_verb(struct kb_run *run, const struct kb_verb *verb, struct kb_args *args,
		    struct kb_err *err)
{
	if (verb->needs_root && geteuid() != 0)
		return kb_err_set(err, KB_E_ENVIRONMENT,
				  "%s changes or reads what belongs to root; run it as root",
				  verb->name);
	run->acts = verb->acts;
	return verb->run(run, args, err);
}

/* What was asked for; the bundle alone means `install`. */
struct choice {
	bool help, version;
	const struct kb_verb *verb; /* NULL: none was named */
};

static int choose(const struct kb_run *run, struct kb_args *args, struct choice *choice,
		  struct kb_err *err)
{
	const char *word = kb_args_positional(args);

	if (word && !strcmp(word, "help")) {
		choice->help = true;
		word = kb_args_positional(args);
	}
	if (word && !strcmp(word, "version"))
		choice->version = true;
	else if (word && !(choice->verb = find(word, err)))
		return KB_E_USAGE;
	else if (!word && run->self && !choice->help)
		choice->verb = &kb_verb_install;
	return 0;
}

static int say_version(struct kb_run *run, struct kb_args *args, struct kb_err *err)
{
	int rc = kb_args_end(args, err);

	if (rc < 0)
		return rc;
	kb_json_key_text(&run->out, "version", KB_VERSION);
	if (!run->json)
		printf("keybuzz-run %s\n", KB_VERSION);
	return 0;
}

static int no_verb(struct kb_args *args, struct kb_err *err)
{
	int rc = kb_args_end(args, err); /* a mistyped option says more */

	return rc < 0 ? rc : kb_err_set(err, KB_E_USAGE, "which verb? See keybuzz-run --help");
}

/* The options that all verbs know go first: what is left then begins with the
 * verb, wherever it stands. */
static int dispatch(struct kb_run *run, struct kb_args *args, struct kb_err *err)
{
	struct choice choice = {.help = kb_args_flag(args, "help", 'h'),
				.version = kb_args_flag(args, "version", 0)};
	int rc;

	if ((rc = kb_source_find_self(run, err)) < 0 || (rc = kb_run_options(run, args, err)) < 0)
		return rc;
	if (!choice.version && (rc = choose(run, args, &choice, err)) < 0)
		return rc;
	if (choice.help && choice.verb)
		print_verb_help(run, choice.verb);
	else if (choice.help)
		print_help(run);
	else if (choice.version)
		return say_version(run, args, err);
	else if (choice.verb)
		return run_verb(run, choice.verb, args, err);
	else
		return no_verb(args, err);
	return 0;
}

/* With --json the last line on stdout carries the exit status and its class. */
static void print_result(struct kb_run *run, int rc, const struct kb_err *err)
{
	struct kb_json *j = &run->out;

	kb_json_key_u64(j, "exit", (uint64_t)-rc);
	kb_json_key_text(j, "class", kb_code_class(rc));
	if (rc < 0)
		kb_json_key_text(j, "error", err->text);
	kb_json_object_end(j);
	if (run->json)
		printf("%s\n", run->result.data);
}

static int close_output(const struct kb_run *run, int rc)
{
	struct kb_err err;

	if (kb_close_stdout(&err) == 0 || rc < 0)
		return rc;
	if (run->acts) {
		fprintf(stderr, "keybuzz: warning: the result could not be written: %s\n",
			err.text);
		return rc;
	}
	kb_err_print(&err);
	return err.code;
}

static int run_program(struct kb_run *run, int argc, char **argv, struct kb_err *err)
{
	struct kb_args args;
	int rc = kb_args_init(&args, argc, argv, err);

	if (rc < 0)
		return rc;
	run->json = kb_args_flag(&args, "json", 0);
	run->quiet = kb_args_flag(&args, "quiet", 'q');
	kb_report_init(&run->report, run->rootfd, run->json, run->quiet);
	return dispatch(run, &args, err);
}

int main(int argc, char **argv)
{
	struct kb_run run = {.rootfd = -1, .report = {.log_fd = -1}};
	struct kb_err err = {.code = 0};
	int rc = kb_setup_process(argv, &err);

	kb_json_init(&run.out, &run.result);
	kb_json_object(&run.out);
	kb_signals_install();
	if (rc == 0 && (run.rootfd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		rc = kb_err_errno(&err, KB_E_ENVIRONMENT, "open /");
	if (rc == 0)
		rc = run_program(&run, argc > 0 ? argc - 1 : 0, argv + 1, &err);
	if (rc < 0)
		kb_err_print(&err);
	print_result(&run, rc, &err);
	rc = close_output(&run, rc);
	kb_run_free(&run);
	return -rc;
}
