#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "core/json_read.h"
#include "stub/engine_call.h"

void kb_engine_containers_free(struct kb_engine_container *list, size_t n)
{
	for (size_t i = 0; list && i < n; i++) {
		free(list[i].id);
		free(list[i].name);
		free(list[i].image);
		free(list[i].image_id);
		free(list[i].state);
		free(list[i].started);
	}
	free(list);
}

static int read_exit_code(const char *text)
{
	return (int)strtol(text, NULL, 10);
}

static const char *read_started(const char *text)
{
	return strncmp(text, "0001-", 5) == 0 ? "" : text; /* Go's zero time: never */
}

static void read_container(const struct kb_value *json, struct kb_engine_container *c)
{
	const struct kb_value *state = kb_value_get(json, "State");
	const struct kb_value *config = kb_value_get(json, "Config");
	const char *name = kb_json_member(json, "Name");

	c->id = kb_strdup(kb_json_member(json, "Id"));
	c->name = kb_strdup(*name == '/' ? name + 1 : name);
	c->image = kb_strdup(kb_json_member(config, "Image"));
	c->image_id = kb_strdup(kb_json_member(json, "Image"));
	c->state = kb_strdup(kb_json_member(state, "Status"));
	c->started = kb_strdup(read_started(kb_json_member(state, "StartedAt")));
	c->exit_code = read_exit_code(kb_json_member(state, "ExitCode"));
	c->running = strcmp(c->state, "running") == 0;
}

int kb_engine_container(struct kb_engine *e, const char *name,
			struct kb_engine_container **ret_container, struct kb_err *err)
{
	kb_autobuf struct kb_buf target = KB_BUF_INIT;
	kb_autovalue struct kb_value *json = NULL;
	int rc;

	kb_buf_puts(&target, "/containers/");
	kb_engine_quote(&target, name, true);
	kb_buf_puts(&target, "/json");
	rc = kb_engine_get(e, target.data, KB_ENGINE_ANSWER_MAX, &json, err);
	if (rc < 0)
		return rc;
	*ret_container = NULL;
	if (!json)
		return 0;
	if (!*kb_json_member(json, "Id"))
		return kb_err_set(err, KB_E_DEPENDENCY, "container engine: container %s has no id",
				  name);
	*ret_container = kb_alloc(1, sizeof(**ret_container));
	read_container(json, *ret_container);
	return 0;
}

static int list(struct kb_engine *e, const char *label, struct kb_value **ret_list,
		struct kb_err *err)
{
	kb_autobuf struct kb_buf target = KB_BUF_INIT, filter = KB_BUF_INIT;
	struct kb_json j;
	int rc;

	kb_buf_puts(&target, "/containers/json?all=1");
	if (label) {
		kb_json_init(&j, &filter);
		kb_json_object(&j);
		kb_json_key(&j, "label");
		kb_json_array(&j);
		kb_json_text(&j, label);
		kb_json_array_end(&j);
		kb_json_object_end(&j);
		kb_json_finish(&j);
		kb_buf_puts(&target, "&filters=");
		kb_engine_quote(&target, filter.data, true);
	}
	rc = kb_engine_get(e, target.data, KB_ENGINE_LIST_MAX, ret_list, err);
	if (rc == 0 && (!*ret_list || kb_value_kind(*ret_list) != KB_VALUE_LIST))
		return kb_err_set(err, KB_E_DEPENDENCY, "container engine: no list of containers");
	return rc;
}

static int by_name(const void *a, const void *b)
{
	const struct kb_engine_container *x = a, *y = b;

	return strcmp(x->name, y->name);
}

int kb_engine_containers(struct kb_engine *e, const char *label,
			 struct kb_engine_container **ret_list, size_t *ret_n, struct kb_err *err)
{
	kb_autovalue struct kb_value *found = NULL;
	struct kb_engine_container *all, *one;
	size_t n = 0;
	int rc = list(e, label, &found, err);

	if (rc < 0)
		return rc;
	all = kb_alloc(kb_value_count(found), sizeof(*all));
	for (size_t i = 0; i < kb_value_count(found); i++) {
		rc = kb_engine_container(e, kb_json_member(kb_value_at(found, i), "Id"), &one, err);
		if (rc < 0) {
			kb_engine_containers_free(all, n);
			return rc;
		}
		if (!one)
			continue; /* removed meanwhile */
		all[n++] = *one;
		free(one);
	}
	qsort(all, n, sizeof(*all), by_name);
	*ret_list = all;
	*ret_n = n;
	return 0;
}
