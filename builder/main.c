#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "builder/cmd.h"
#include "builder/run.h"
#include "core/json.h"

static const struct kb_cmd *const commands[] = {
	&cmd_lint, &cmd_lock,    &cmd_fetch, &cmd_build,   &cmd_sign,   &cmd_verify,   &cmd_info,
	&cmd_list, &cmd_extract, &cmd_diff,  &cmd_rebuild, &cmd_keygen, &cmd_downgrade};
#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void print_help(void)
{
	printf("keybuzz-bundle %s: compile a site's manifests into signed, self-extracting "
	       "bundles\n"
	       "\nUsage: keybuzz-bundle [--site DIR] [--store DIR] VERB [OPTIONS]\n\nVerbs:\n",
	       KB_VERSION);
	for (size_t i = 0; i < N_COMMANDS; i++)
		printf("  %-9s %s\n", commands[i]->name, commands[i]->summary);
	printf("\nOptions:\n"
	       "  --site DIR   the site's manifests (default: manifests), payload beside it\n"
	       "  --store DIR  where content is kept by digest (default: store)\n"
	       "  --json       results as JSON; --quiet  no progress; -h, --help  anywhere\n"
	       "\nExamples:\n"
	       "  keybuzz-bundle lint\n"
	       "  keybuzz-bundle lock && keybuzz-bundle fetch\n"
	       "  keybuzz-bundle build redis -o dist --key release.key\n"
	       "\n`keybuzz-bundle VERB --help` says more; so does keybuzz-bundle(1).\n");
}

static void print_command_help(const struct kb_cmd *cmd)
{
	printf("keybuzz-bundle %s: %s\n\nUsage: keybuzz-bundle %s\n\n%s", cmd->name, cmd->summary,
	       cmd->usage, cmd->help);
}

static const struct kb_cmd *find(const char *name, struct kb_err *err)
{
	const char *names[N_COMMANDS], *near;

	for (size_t i = 0; i < N_COMMANDS; i++) {
		if (!strcmp(commands[i]->name, name))
			return commands[i];
		names[i] = commands[i]->name;
	}
	near = kb_nearest(name, names, N_COMMANDS);
	kb_err_set(err, KB_E_USAGE, "unknown verb \"%s\"%s%s%s", name,
		   near ? "; did you mean " : "; see keybuzz-bundle --help", near ? near : "",
		   near ? "?" : "");
	return NULL;
}

static int run(struct kb_args *args, struct kb_builder *b, struct kb_err *err)
{
	const struct kb_cmd *cmd = NULL;
	const char *verb;
	bool help = kb_args_flag(args, "help", 'h');
	bool version = kb_args_flag(args, "version", 0);

	b->site_dir = kb_args_option(args, "site", 0, "manifests");
	b->store_dir = kb_args_option(args, "store", 0, "store");
	b->json = kb_args_flag(args, "json", 0);
	b->quiet = kb_args_flag(args, "quiet", 'q');
	/* the verb is the first word; an unknown option before it is found
	 * out by the verb's own kb_args_end */
	verb = kb_args_positional(args);
	if (version || (verb && !strcmp(verb, "version"))) {
		printf("keybuzz-bundle %s\n", KB_VERSION);
		return 0;
	}
	if (verb && !strcmp(verb, "help")) {
		help = true;
		verb = kb_args_positional(args);
	}
	if (verb && !(cmd = find(verb, err)))
		return KB_E_USAGE;
	if (help) {
		cmd ? print_command_help(cmd) : print_help();
		return 0;
	}
	if (!cmd)
		return kb_err_set(err, KB_E_USAGE, "which verb? See keybuzz-bundle --help");
	return cmd->run(b, args, err);
}

/* With --json the last line on stdout carries the exit status and its class. */
static void print_json_result(int rc, const struct kb_err *err)
{
	kb_autobuf struct kb_buf line = KB_BUF_INIT;
	struct kb_json j;

	kb_json_init(&j, &line);
	kb_json_object(&j);
	kb_json_key_u64(&j, "exit", (uint64_t)-rc);
	kb_json_key_text(&j, "class", kb_code_class(rc));
	if (rc < 0)
		kb_json_key_text(&j, "error", err->text);
	kb_json_object_end(&j);
	printf("%s\n", line.data);
}

/* A file that is opened while a stream is closed would get its number, and
 * then what we say. */
static void fill_closed_streams(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR | O_NOCTTY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	struct kb_builder b = {.json = false};
	struct kb_err err = {.code = 0};
	struct kb_args args;
	int rc = kb_args_init(&args, argc > 0 ? argc - 1 : 0, argv + 1, &err);

	fill_closed_streams();
	kb_run_catch_signals();
	if (rc == 0)
		rc = run(&args, &b, &err);
	if (rc < 0)
		kb_err_print(&err);
	if (b.json)
		print_json_result(rc, &err);
	if (kb_close_stdout(&err) < 0 && rc == 0) {
		kb_err_print(&err);
		rc = KB_E_IO;
	}
	return -rc;
}
