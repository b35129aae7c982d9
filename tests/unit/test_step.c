#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "stub/execute.h"
#include "stub/step.h"

/* A host in a scratch folder: a root, a state folder, a payload, a manifest of
 * whatever steps a test wants. */
struct host {
	struct kb_run run;
	struct kb_scene scene;
	struct kb_manifest manifest;
	struct kb_step steps[8];
	struct kb_host self;
	struct kb_digest release;
	uint8_t boot[KB_BOOT_LEN];
	char *root;
};

static void put(int dirfd, const char *name, const char *text)
{
	kb_autoclose int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static void open_journal(struct host *h)
{
	struct kb_err err;

	kb_journal_close(h->scene.journal);
	if (kb_journal_open(h->scene.rootfd, "role", h->boot, &h->scene.journal, &err) < 0)
		fail_msg("%s", err.text);
}

static struct host *new_host(const char *name)
{
	struct host *h = kb_alloc(1, sizeof(*h));
	static char role[] = "role";

	h->root = kb_format("%s/%s", kb_test_dir(), name);
	assert_int_equal(mkdir(h->root, 0755), 0);
	h->run.rootfd = open(h->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	kb_report_init(&h->run.report, h->run.rootfd, false, true);
	h->manifest.role = role;
	h->manifest.steps = h->steps;
	h->self = (struct kb_host){.name = "h1", .address = "10.0.0.1", .role = "r"};
	h->scene = (struct kb_scene){.run = &h->run,
				     .report = &h->run.report,
				     .rootfd = h->run.rootfd,
				     .m = &h->manifest,
				     .release = &h->release,
				     .state = KB_STATEDIR_INIT,
				     .verb = "install",
				     .payload_path = kb_strdup(h->root),
				     .context_path = kb_strdup("/nowhere")};
	h->scene.target.self = &h->self;
	/* the journal lies in the root, and so does the undo log */
	h->scene.state.role = fcntl(h->run.rootfd, F_DUPFD_CLOEXEC, 3);
	open_journal(h);
	return h;
}

static void free_host(struct host *h)
{
	h->scene.target.self = NULL;
	close(h->run.rootfd);
	kb_scene_close(&h->scene);
	kb_report_free(&h->run.report);
	free(h->root);
	free(h);
}

static struct kb_step *add_step(struct host *h, int kind, const char *id)
{
	struct kb_step *step = &h->steps[h->manifest.n_steps++];
	static char empty[] = "";

	step->kind = (uint8_t)kind;
	step->id = (char *)(uintptr_t)id;
	step->source = step->target = empty;
	step->uid = geteuid();
	step->gid = getegid();
	step->mode = 0755;
	return step;
}

static struct kb_step *add_script(struct host *h, int kind, const char *id, const char *text)
{
	struct kb_step *step = add_step(h, kind, id);

	step->source = (char *)(uintptr_t)id;
	step->timeout = 20;
	put(h->run.rootfd, id, text);
	return step;
}

/* Plan and execute; the first error's code, or 0. */
static int install(struct host *h, struct kb_outcome *outcome, struct kb_err *err)
{
	kb_autoproblems struct kb_problems problems = KB_PROBLEMS_INIT;
	struct kb_plan plan;
	int rc;

	kb_plan_make(&h->scene, KB_PHASE_INSTALL, &plan, &problems);
	rc = kb_problems_result(&problems, err);
	if (rc == 0)
		rc = kb_execute_install(&h->scene, &plan, outcome, err);
	kb_plan_free(&plan);
	return rc;
}

static void plan_is(struct host *h, const char *wanted)
{
	kb_autoproblems struct kb_problems problems = KB_PROBLEMS_INIT;
	kb_autobuf struct kb_buf got = KB_BUF_INIT;
	struct kb_plan plan;

	kb_plan_make(&h->scene, KB_PHASE_INSTALL, &plan, &problems);
	for (size_t i = 0; i < plan.n; i++)
		kb_buf_printf(&got, "%s%s %s", i ? ", " : "", plan.items[i].step->id,
			      kb_action_name(plan.items[i].action));
	kb_plan_free(&plan);
	assert_string_equal(got.data, wanted);
}

#define must_install(h)                                    \
	do {                                               \
		kb_autooutcome struct kb_outcome o_ = {0}; \
		struct kb_err e_ = {.text = ""};           \
		if (install(h, &o_, &e_) < 0)              \
			fail_msg("%s", e_.text);           \
	} while (0)

static size_t lines_of(struct host *h, const char *name)
{
	kb_autobuf struct kb_buf text = KB_BUF_INIT;
	size_t n = 0;

	if (kb_file_read_at(h->run.rootfd, name, 4096, &text, NULL) < 0)
		return 0;
	for (size_t i = 0; i < text.len; i++)
		n += text.data[i] == '\n';
	return n;
}

KB_TEST(step_directory_is_made_kept_and_corrected)
{
	struct host *h = new_host("step-dir");
	struct kb_step *step = add_step(h, KB_STEP_DIRECTORY, "dir");
	static char target[] = "/opt/a/b";
	struct stat st;

	step->target = target;
	step->mode = 0750;
	plan_is(h, "dir add");
	must_install(h);
	assert_int_equal(fstatat(h->run.rootfd, "opt/a/b", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0750);
	assert_int_equal(fstatat(h->run.rootfd, "opt/a", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	plan_is(h, "dir keep");
	assert_int_equal(fchmodat(h->run.rootfd, "opt/a/b", 0700, 0), 0);
	plan_is(h, "dir change");
	must_install(h);
	plan_is(h, "dir keep");
	free_host(h);
}

KB_TEST(step_directory_refuses_what_stands_in_its_place)
{
	struct host *h = new_host("step-dir-bad");
	static char target[] = "/opt";
	kb_autooutcome struct kb_outcome outcome = {0};
	struct kb_err err;

	add_step(h, KB_STEP_DIRECTORY, "dir")->target = target;
	put(h->run.rootfd, "opt", "a file");
	assert_int_equal(install(h, &outcome, &err), KB_E_PATH);
	assert_int_equal(unlinkat(h->run.rootfd, "opt", 0), 0);
	assert_int_equal(symlinkat("/tmp", h->run.rootfd, "opt"), 0);
	assert_int_equal(install(h, &outcome, &err), KB_E_PATH);
	free_host(h);
}

static enum kb_action compare(struct host *h, const struct kb_place *place, const char *text,
			      bool keep, int *ret_rc)
{
	struct kb_plan_item item = {.step = &h->steps[0]};
	struct kb_digest digest;
	enum kb_action action;
	struct kb_err err;

	kb_digest_of(text, strlen(text), &digest);
	*ret_rc = kb_place_compare(&h->scene, place, &digest, strlen(text), keep, &item, &err);
	action = item.action;
	free(item.reason);
	return action;
}

KB_TEST(step_place_compares_content_mode_and_keep)
{
	struct host *h = new_host("step-place");
	struct kb_place place = {
		.path = "/etc/x/file", .mode = 0640, .uid = geteuid(), .gid = getegid()};
	struct kb_err err;
	int rc;

	assert_int_equal(compare(h, &place, "text", false, &rc), KB_ACTION_ADD);
	assert_int_equal(kb_place_write(&h->scene, &place, "text", 4, &err), 0);
	assert_int_equal(compare(h, &place, "text", false, &rc), KB_ACTION_KEEP);
	assert_int_equal(compare(h, &place, "TEXT", false, &rc), KB_ACTION_CHANGE);
	assert_int_equal(compare(h, &place, "TEXT", true, &rc), KB_ACTION_KEEP);
	place.mode = 0600;
	assert_int_equal(compare(h, &place, "text", false, &rc), KB_ACTION_CHANGE);
	place.path = "/etc/x";
	compare(h, &place, "text", false, &rc);
	assert_int_equal(rc, KB_E_PATH);
	assert_int_equal(symlinkat("file", h->run.rootfd, "etc/x/link"), 0);
	place.path = "/etc/x/link";
	compare(h, &place, "text", false, &rc);
	assert_int_equal(rc, KB_E_PATH);
	free_host(h);
}

KB_TEST(step_script_runs_once_per_input)
{
	struct host *h = new_host("step-script");
	static char word[] = "word";
	char *args[] = {word};
	struct kb_step *step =
		add_script(h, KB_STEP_SCRIPT, "script", "echo run >> $KEYBUZZ_PAYLOAD/count\n");

	plan_is(h, "script run");
	must_install(h);
	plan_is(h, "script keep");
	must_install(h);
	assert_int_equal(lines_of(h, "count"), 1);
	assert_int_equal(kb_journal_count(h->scene.journal), 2);
	step->args = args;
	step->n_args = 1;
	plan_is(h, "script run");
	must_install(h);
	assert_int_equal(lines_of(h, "count"), 2);
	step->n_args = 0; /* what it ran with last counts, not what it once ran with */
	plan_is(h, "script run");
	free_host(h);
}

KB_TEST(step_script_runs_always_without_a_trace)
{
	struct host *h = new_host("step-always");

	add_script(h, KB_STEP_SCRIPT, "script", "echo run >> $KEYBUZZ_PAYLOAD/count\n")->flags =
		KB_STEP_ALWAYS;
	must_install(h);
	must_install(h);
	must_install(h);
	assert_int_equal(lines_of(h, "count"), 3);
	assert_int_equal(kb_journal_count(h->scene.journal), 2);
	free_host(h);
}

KB_TEST(step_script_that_fails_is_named_and_run_again)
{
	struct host *h = new_host("step-fail");
	kb_autooutcome struct kb_outcome outcome = {0};
	struct kb_err err;

	add_script(h, KB_STEP_SCRIPT, "script", "echo out; echo why >&2; exit 3\n");
	assert_int_equal(install(h, &outcome, &err), KB_E_STEP);
	assert_string_equal(err.text, "step script: script: exit 3: why");
	assert_int_equal(kb_journal_last(h->scene.journal, "script")->state, KB_RECORD_FAIL);
	put(h->run.rootfd, "script", "exit 0\n");
	plan_is(h, "script run");
	must_install(h);
	plan_is(h, "script keep");
	free_host(h);
}

KB_TEST(step_script_out_of_time_is_told_apart)
{
	struct host *h = new_host("step-time");
	kb_autooutcome struct kb_outcome outcome = {0};
	struct kb_err err;

	add_script(h, KB_STEP_SCRIPT, "script", "sleep 100\n")->timeout = 1;
	assert_int_equal(install(h, &outcome, &err), KB_E_TIMEOUT);
	assert_string_equal(err.text, "step script: script: out of time after 1 s");
	free_host(h);
}

KB_TEST(step_that_was_cut_off_is_done_again)
{
	struct host *h = new_host("step-cut");
	struct kb_digest input = {{0}};
	struct kb_err err;

	add_script(h, KB_STEP_SCRIPT, "script", "exit 0\n");
	must_install(h);
	input = kb_journal_last(h->scene.journal, "script")->input;
	assert_int_equal(kb_journal_append(h->scene.journal, KB_RECORD_BEGIN, "script", &input,
					   &h->release, &err),
			 0);
	open_journal(h);
	plan_is(h, "script run");
	free_host(h);
}

KB_TEST(step_watcher_runs_when_the_watched_one_does)
{
	struct host *h = new_host("step-watch");
	static char first[] = "first", word[] = "word";
	char *watch[] = {first}, *args[] = {word};
	struct kb_step *watched = add_script(h, KB_STEP_SCRIPT, "first", "exit 0\n");
	struct kb_step *watcher = add_script(h, KB_STEP_SCRIPT, "second", "exit 0\n");
	struct kb_digest input;
	struct kb_err err;

	watcher->watch = watch;
	watcher->n_watch = 1;
	must_install(h);
	plan_is(h, "first keep, second keep");
	watched->args = args;
	watched->n_args = 1;
	plan_is(h, "first run, second run");
	must_install(h);
	plan_is(h, "first keep, second keep");
	/* cut off after the watched one was done and before the watcher was */
	input = kb_journal_last(h->scene.journal, "first")->input;
	assert_int_equal(kb_journal_append(h->scene.journal, KB_RECORD_DONE, "first", &input,
					   &h->release, &err),
			 0);
	plan_is(h, "first keep, second run");
	free_host(h);
}

KB_TEST(step_wait_polls_until_it_is_true)
{
	struct host *h = new_host("step-wait");

	add_script(h, KB_STEP_WAIT, "wait",
		   "echo x >> $KEYBUZZ_PAYLOAD/count; [ $(wc -l < $KEYBUZZ_PAYLOAD/count) -ge 3 ] "
		   "|| exit 75\n");
	must_install(h);
	assert_int_equal(lines_of(h, "count"), 3);
	plan_is(h, "wait keep");
	free_host(h);
}

KB_TEST(step_wait_may_stay_pending)
{
	struct host *h = new_host("step-pending");
	kb_autooutcome struct kb_outcome outcome = {0}, again = {0};
	struct kb_step *step = add_script(h, KB_STEP_WAIT, "wait", "echo 1 of 3 >&2; exit 75\n");
	struct kb_err err;

	step->timeout = 1;
	step->flags = KB_STEP_PENDING;
	assert_int_equal(install(h, &outcome, &err), 0);
	assert_int_equal(outcome.n_pending, 1);
	assert_string_equal(outcome.pending[0], "wait: 1 of 3");
	plan_is(h, "wait pending");
	assert_int_equal(kb_journal_count(h->scene.journal), 1);
	assert_int_equal(install(h, &again, &err), 0);
	assert_int_equal(kb_journal_count(h->scene.journal), 1);
	step->flags = 0;
	assert_int_equal(install(h, &outcome, &err), KB_E_TIMEOUT);
	free_host(h);
}

KB_TEST(step_wait_ends_on_any_other_status)
{
	struct host *h = new_host("step-wait-bad");
	kb_autooutcome struct kb_outcome outcome = {0};
	struct kb_err err;

	add_script(h, KB_STEP_WAIT, "wait", "echo never >&2; exit 1\n")->flags = KB_STEP_PENDING;
	assert_int_equal(install(h, &outcome, &err), KB_E_STEP);
	assert_string_equal(err.text, "step wait: wait: exit 1: never");
	free_host(h);
}

KB_TEST(step_checks_all_run_and_the_first_failure_counts)
{
	struct host *h = new_host("step-check");
	struct kb_err err;

	add_script(h, KB_STEP_CHECK, "good", "echo fine\n")->phase = KB_PHASE_CHECK;
	add_script(h, KB_STEP_CHECK, "bad", "echo broken; exit 1\n")->phase = KB_PHASE_CHECK;
	add_script(h, KB_STEP_CHECK, "last", "touch $KEYBUZZ_PAYLOAD/ran\n")->phase =
		KB_PHASE_CHECK;
	assert_int_equal(kb_execute_phase(&h->scene, KB_PHASE_CHECK, true, &err), KB_E_HEALTH);
	assert_string_equal(err.text, "step bad: bad: exit 1: broken");
	assert_int_equal(faccessat(h->run.rootfd, "ran", F_OK, 0), 0);
	assert_int_equal(kb_journal_count(h->scene.journal), 0);
	free_host(h);
}

KB_TEST(step_of_a_later_kind_is_refused)
{
	struct host *h = new_host("step-kind");
	kb_autooutcome struct kb_outcome outcome = {0};
	struct kb_err err;

	add_step(h, KB_STEP_KIND_COUNT, "disk");
	assert_int_equal(install(h, &outcome, &err), KB_E_INVALID);
	assert_non_null(strstr(err.text, "step disk"));
	free_host(h);
}

KB_TEST(step_output_is_filtered_and_kept_for_the_message)
{
	struct host *h = new_host("step-secret");
	kb_autooutcome struct kb_outcome outcome = {0};
	struct kb_err err;

	kb_redact_add(h->run.report.redact, "verysecret", 10);
	add_script(h, KB_STEP_SCRIPT, "script", "printf 'is verysecret\\033[2J\\n' >&2; exit 1\n");
	assert_int_equal(install(h, &outcome, &err), KB_E_STEP);
	assert_string_equal(err.text, "step script: script: exit 1: is ***\\x1b[2J");
	free_host(h);
}
