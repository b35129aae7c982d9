#include "builder/role.h"

#include <stdlib.h>
#include <string.h>

#include "builder/packages.h"
#include "core/name.h"

enum { TIMEOUT_MAX = 86400, LABEL_MAX = 12 };

/* The options a step may have besides its id and kind. */
enum option {
	OWNER = 1,
	MODE = 2,
	TO = 4,
	KEEP = 8,
	FROM = 16,
	WATCH = 32,
	ARGS = 64,
	TIMEOUT = 128,
	ALWAYS = 256,
	PENDING = 512,
	REMOVES = 1024,
	LABEL = 2048,
	NETWORK = 4096,
};

static const struct {
	const char *key;
	unsigned option;
} options[] = {
	{"owner", OWNER},     {"mode", MODE},       {"to", TO},       {"keep", KEEP},
	{"from", FROM},       {"watch", WATCH},     {"args", ARGS},   {"timeout", TIMEOUT},
	{"always", ALWAYS},   {"pending", PENDING}, {"label", LABEL}, {"removes", REMOVES},
	{"network", NETWORK},
};

static const struct rule {
	const char *key;
	enum kb_step_kind kind;
	bool install, others; /* allowed in `steps`; in the other phases */
	unsigned options;
	uint16_t mode;
	uint32_t timeout;
} rules[] = {
	{"directory", KB_STEP_DIRECTORY, true, false, OWNER | MODE, 0755, 0},
	{"file", KB_STEP_FILE, true, false, TO | OWNER | MODE | KEEP, 0644, 0},
	{"template", KB_STEP_TEMPLATE, true, false, TO | OWNER | MODE | KEEP, 0644, 0},
	{"unit", KB_STEP_UNIT, true, false, FROM | WATCH, 0644, 0},
	{"images", KB_STEP_IMAGES, true, false, 0, 0, 0},
	{"script", KB_STEP_SCRIPT, true, true, ARGS | TIMEOUT | ALWAYS | WATCH | NETWORK, 0, 300},
	{"wait", KB_STEP_WAIT, true, true, ARGS | TIMEOUT | PENDING | NETWORK, 0, 60},
	{"check", KB_STEP_CHECK, false, true, ARGS | TIMEOUT | NETWORK, 0, 60},
	{"packages", KB_STEP_PACKAGES, true, false, REMOVES, 0, 0},
	{"volume", KB_STEP_VOLUME, true, false, OWNER | MODE | LABEL, 0755, 0},
};

enum {
	N_OPTIONS = sizeof(options) / sizeof(options[0]),
	N_RULES = sizeof(rules) / sizeof(rules[0]),
};

static const struct {
	const char *key;
	uint8_t phase;
} phases[] = {
	{"steps", KB_PHASE_INSTALL},
	{"checks", KB_PHASE_CHECK},
	{"failover", KB_PHASE_FAILOVER},
	{"purge", KB_PHASE_PURGE},
};

/* One step being read. */
struct reader {
	struct kb_site_load *l;
	struct kb_role *role;
	struct kb_schema_map map;
	const struct kb_yaml_node *node;
	const struct rule *rule;
	struct kb_step *step; /* not yet counted in role->n_steps */
};

static void load_target(struct reader *r, const struct kb_yaml_node *node, const char *what)
{
	struct kb_err err;
	const char *text;

	if (!node || !kb_schema_as_text(r->map.in, node, what, &text))
		return;
	if (kb_name_check_host_path(text, &err) < 0)
		kb_schema_fault(r->map.in, node, "%s: %s", what, err.text);
	r->step->target = kb_strdup(text);
}

static void load_source(struct reader *r, const struct kb_yaml_node *node, const char *what)
{
	if (node)
		r->step->source = kb_role_source(r->l, r->map.in, r->role, node, what);
}

/* As kb_manifest_check has it. */
static bool is_unit_name(const char *text)
{
	size_t len = strlen(text);

	return len > 8 && len <= KB_NAME_ID_MAX && strcmp(text + len - 8, ".service") == 0 &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-.") == len && text[0] != '.';
}

static void load_images(struct reader *r, const struct kb_yaml_node *node)
{
	struct kb_strings *have = &r->role->images;
	struct kb_strings found = {NULL, 0};
	const char *text;

	if (!kb_schema_as_list(r->map.in, node, r->rule->key))
		return;
	if (node->n == 0)
		kb_schema_fault(r->map.in, node, "%s: the list is empty", r->rule->key);
	for (size_t i = 0; i < node->n; i++) {
		const struct kb_yaml_node *item = node->members[i].value;
		bool ok = false;

		if (!kb_schema_as_text(r->map.in, item, r->rule->key, &text))
			continue;
		for (size_t j = 0; j < have->n; j++)
			ok = ok || strcmp(have->v[j], text) == 0;
		if (!ok)
			kb_schema_fault(r->map.in, item,
					"images: \"%.100s\" is not in the \"images\" of this role",
					text);
		kb_site_load_strings_add(&found, text);
	}
	r->step->args = found.v;
	r->step->n_args = found.n;
}

/* The value of the kind's own key. */
static void load_subject(struct reader *r)
{
	const struct kb_yaml_node *node = kb_schema_take(&r->map, r->rule->key);
	const char *text;

	switch (r->rule->kind) {
	case KB_STEP_DIRECTORY:
	case KB_STEP_VOLUME: load_target(r, node, r->rule->key); break;
	case KB_STEP_FILE:
	case KB_STEP_TEMPLATE:
	case KB_STEP_SCRIPT:
	case KB_STEP_WAIT:
	case KB_STEP_CHECK: load_source(r, node, r->rule->key); break;
	case KB_STEP_IMAGES: load_images(r, node); break;
	case KB_STEP_PACKAGES: kb_packages_step(r->l, r->map.in, node, r->role, r->step); break;
	case KB_STEP_UNIT:
		if (!kb_schema_as_text(r->map.in, node, "unit", &text))
			break;
		if (!is_unit_name(text))
			kb_schema_fault(r->map.in, node,
					"unit: \"%.100s\" is not a name like keybuzz-redis.service",
					text);
		r->step->target = kb_strdup(text);
		break;
	case KB_STEP_KIND_COUNT: break;
	}
}

/* "UID:GID" in numbers: names mean something else on every host. */
static bool parse_owner(const char *text, uint32_t *ret_uid, uint32_t *ret_gid)
{
	uint32_t *ids[] = {ret_uid, ret_gid};

	if (strcmp(text, "root:root") == 0)
		text = "0:0";
	for (int i = 0; i < 2; i++) {
		size_t n = strspn(text, "0123456789");
		unsigned long long v = strtoull(text, NULL, 10);

		/* the highest number is "leave it alone" to chown(2) */
		if (n == 0 || n > 10 || (n > 1 && text[0] == '0') || v >= UINT32_MAX)
			return false;
		if (text[n] != (i ? '\0' : ':'))
			return false;
		*ids[i] = (uint32_t)v;
		text += n + 1;
	}
	return true;
}

static void load_owner(struct reader *r)
{
	const struct kb_yaml_node *node = kb_schema_take(&r->map, "owner");
	const char *text;

	if (!node || !kb_schema_as_text(r->map.in, node, "owner", &text))
		return;
	if (!parse_owner(text, &r->step->uid, &r->step->gid))
		kb_schema_fault(r->map.in, node, "owner: \"%.100s\" is not \"UID:GID\" in numbers",
				text);
}

static bool is_earlier_step(const struct reader *r, const char *id)
{
	for (size_t i = 0; i < r->role->n_steps; i++)
		if (r->role->steps[i].phase == r->step->phase &&
		    strcmp(r->role->steps[i].id, id) == 0)
			return true;
	return false;
}

static void load_watch(struct reader *r)
{
	const struct kb_yaml_node *node = kb_schema_take(&r->map, "watch");
	struct kb_strings found = {NULL, 0};
	const char *text;

	if (!node || !kb_schema_as_list(r->map.in, node, "watch"))
		return;
	for (size_t i = 0; i < node->n; i++) {
		const struct kb_yaml_node *item = node->members[i].value;

		if (!kb_schema_as_text(r->map.in, item, "watch", &text))
			continue;
		if (!is_earlier_step(r, text))
			kb_schema_fault(r->map.in, item,
					"watch: \"%.100s\" is no step before this one in the same "
					"list",
					text);
		kb_site_load_strings_add(&found, text);
	}
	r->step->watch = found.v;
	r->step->n_watch = found.n;
}

/* What XFS has room for, in letters that no table has to quote. */
static void load_label(struct reader *r)
{
	const struct kb_yaml_node *node = kb_schema_need(&r->map, "label");
	struct kb_strings found = {NULL, 0};
	const char *text;

	if (!node || !kb_schema_as_text(r->map.in, node, "label", &text))
		return;
	if (strlen(text) > LABEL_MAX || !kb_site_load_is_id(text))
		kb_schema_fault(r->map.in, node,
				"label: \"%.100s\" is not at most %d of a-z, 0-9 and -", text,
				LABEL_MAX);
	kb_site_load_strings_add(&found, text);
	r->step->args = found.v;
	r->step->n_args = found.n;
}

static void load_network(struct reader *r)
{
	const struct kb_yaml_node *node = kb_schema_take(&r->map, "network");
	const char *text;

	if (!node || !kb_schema_as_text(r->map.in, node, "network", &text))
		return;
	if (strcmp(text, "local") != 0)
		kb_schema_fault(r->map.in, node,
				"network: \"%.100s\" is not \"local\"; without the key a step has "
				"none",
				text);
	r->step->flags |= KB_STEP_NETWORK;
}

static void load_options(struct reader *r)
{
	struct kb_schema_map *map = &r->map;
	struct kb_step *step = r->step;
	unsigned takes = r->rule->options;

	if (takes & TO)
		load_target(r, kb_schema_need(map, "to"), "to");
	if (takes & FROM)
		load_source(r, kb_schema_need(map, "from"), "from");
	if (takes & OWNER)
		load_owner(r);
	step->mode = takes & MODE ? kb_schema_mode(map, "mode", r->rule->mode) : r->rule->mode;
	if (takes & WATCH)
		load_watch(r);
	if (takes & REMOVES)
		kb_packages_removes(map, step);
	if (takes & LABEL)
		load_label(r);
	if (takes & ARGS)
		kb_schema_texts(map, "args", &step->args, &step->n_args);
	if (takes & TIMEOUT)
		step->timeout = kb_schema_duration(map, "timeout", TIMEOUT_MAX, r->rule->timeout);
	if (takes & KEEP && kb_schema_bool(map, "keep", false))
		step->flags |= KB_STEP_KEEP;
	if (takes & ALWAYS && kb_schema_bool(map, "always", false))
		step->flags |= KB_STEP_ALWAYS;
	if (takes & PENDING && kb_schema_bool(map, "pending", false))
		step->flags |= KB_STEP_PENDING;
	if (takes & NETWORK)
		load_network(r);
	for (size_t i = 0; i < N_OPTIONS; i++)
		if (!(takes & options[i].option) && kb_schema_has(map, options[i].key))
			kb_schema_fault(map->in, kb_schema_take(map, options[i].key),
					"\"%s\" does not go with \"%s\"", options[i].key,
					r->rule->key);
}

/* The kind of the step, NULL when it is not exactly one. */
static const struct rule *find_rule(struct reader *r)
{
	const struct rule *found = NULL;

	for (size_t i = 0; i < N_RULES; i++) {
		if (!kb_schema_has(&r->map, rules[i].key))
			continue;
		if (found) {
			kb_schema_fault(r->map.in, kb_schema_take(&r->map, rules[i].key),
					"a step has one kind; this one has \"%s\" and \"%s\"",
					found->key, rules[i].key);
			continue;
		}
		found = &rules[i];
	}
	return found;
}

/* A step without a kind: perhaps a key is only misspelt, and then that is the
 * one thing to say. */
static void report_no_kind(struct reader *r)
{
	const struct kb_schema *in = r->map.in;
	size_t before = kb_diag_count(in->diag);

	for (size_t i = 0; i < N_RULES; i++)
		kb_schema_take(&r->map, rules[i].key);
	for (size_t i = 0; i < N_OPTIONS; i++)
		kb_schema_take(&r->map, options[i].key);
	kb_schema_close(&r->map);
	if (kb_diag_count(in->diag) == before)
		kb_schema_fault(in, r->node,
				"a step needs a kind: directory, file, template, unit, images, "
				"script, wait, check, packages or volume");
}

static void load_id(struct reader *r)
{
	const struct kb_yaml_node *node = kb_schema_need(&r->map, "id");
	const char *text;

	r->step->id = NULL;
	if (!node || !kb_schema_as_text(r->map.in, node, "id", &text))
		return;
	if (!kb_site_load_is_id(text))
		kb_schema_fault(r->map.in, node, "id: \"%.100s\" is not an id; use a-z, 0-9 and -",
				text);
	for (size_t i = 0; i < r->role->n_steps; i++)
		if (strcmp(r->role->steps[i].id, text) == 0)
			kb_schema_fault(r->map.in, node, "id: \"%s\" stands twice in this file",
					text);
	r->step->id = kb_strdup(text);
}

/* What was refused leaves an empty text, so that later steps can be checked. */
static void finish(struct reader *r)
{
	char **strings[] = {&r->step->id, &r->step->source, &r->step->target};

	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
		if (!*strings[i])
			*strings[i] = kb_strdup("");
	r->role->n_steps++;
}

static void load_step(struct kb_site_load *l, const struct kb_schema *in,
		      const struct kb_yaml_node *node, const char *list, uint8_t phase,
		      struct kb_role *role)
{
	struct reader r = {.l = l, .role = role, .node = node};

	if (!kb_schema_open(in, node, "step", &r.map))
		return;
	r.step = &role->steps[role->n_steps];
	r.step->phase = phase;
	load_id(&r);
	r.rule = find_rule(&r);
	if (r.rule) {
		r.step->kind = (uint8_t)r.rule->kind;
		if (phase == KB_PHASE_INSTALL ? !r.rule->install : !r.rule->others)
			kb_schema_fault(in, node, "\"%s\" does not go into \"%s\"", r.rule->key,
					list);
		load_subject(&r);
		load_options(&r);
		kb_schema_close(&r.map);
	} else {
		report_no_kind(&r);
	}
	finish(&r);
}

void kb_role_steps_load(struct kb_site_load *l, struct kb_schema_map *map, struct kb_role *role)
{
	for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++) {
		const struct kb_yaml_node *node = kb_schema_take(map, phases[i].key);

		if (!node || !kb_schema_as_list(map->in, node, phases[i].key))
			continue;
		role->steps =
			kb_realloc(role->steps, role->n_steps + node->n, sizeof(*role->steps));
		if (node->n)
			memset(role->steps + role->n_steps, 0, node->n * sizeof(*role->steps));
		for (size_t j = 0; j < node->n; j++)
			load_step(l, map->in, node->members[j].value, phases[i].key,
				  phases[i].phase, role);
	}
}
