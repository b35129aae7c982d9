#include "stub/engine.h"

#include <stdlib.h>
#include <string.h>

#include "core/json_read.h"
#include "stub/engine_call.h"
#include "stub/engine_socket.h"

static const char nothing[] = "container engine";

/* "1.41" gives 41 */
static int read_api(const char *text, unsigned *ret_api)
{
	unsigned v = 0;

	if (strncmp(text, "1.", 2) != 0 || !text[2] || strlen(text) > 5)
		return -1;
	for (text += 2; *text; text++) {
		if (*text < '0' || *text > '9')
			return -1;
		v = v * 10 + (unsigned)(*text - '0');
	}
	*ret_api = v;
	return 0;
}

/* Speak the version we know well, an older one to an older engine, and the
 * oldest it still takes to a newer one: what we use has not changed since. */
static int agree(struct kb_engine_info *info, const struct kb_value *version, struct kb_err *err)
{
	const char *max = kb_json_member(version, "ApiVersion");
	const char *min = kb_json_member(version, "MinAPIVersion");
	unsigned newest, oldest = 0;

	if (read_api(max, &newest) < 0 || (*min && read_api(min, &oldest) < 0) || oldest > newest)
		return kb_err_set(err, KB_E_DEPENDENCY,
				  "container engine: API version \"%.20s\" to \"%.20s\" is not "
				  "understood",
				  min, max);
	if (newest < KB_ENGINE_API_OLDEST)
		return kb_err_set(err, KB_E_MISSING,
				  "container engine: %s speaks API %s; 1.%d is needed (Docker 1.12 "
				  "or later)",
				  info->product, max, KB_ENGINE_API_OLDEST);
	info->api = newest < KB_ENGINE_API_WANTED ? newest : KB_ENGINE_API_WANTED;
	if (info->api < oldest)
		info->api = oldest;
	return 0;
}

static bool is_podman(const struct kb_value *version)
{
	const struct kb_value *list = kb_value_get(version, "Components");

	if (!list || kb_value_kind(list) != KB_VALUE_LIST)
		return false;
	for (size_t i = 0; i < kb_value_count(list); i++)
		if (strncmp(kb_json_member(kb_value_at(list, i), "Name"), "Podman", 6) == 0)
			return true;
	return false;
}

static int learn_version(struct kb_engine *e, struct kb_err *err)
{
	kb_autovalue struct kb_value *version = NULL;
	bool podman;
	int rc = kb_engine_get(e, "/version", KB_ENGINE_ANSWER_MAX, &version, err);

	if (rc < 0)
		return rc;
	if (!version || kb_value_kind(version) != KB_VALUE_MAP)
		return kb_err_set(err, KB_E_DEPENDENCY,
				  "container engine: %s does not tell its version; is it one?",
				  e->info.socket);
	podman = is_podman(version);
	e->info.store = podman ? KB_ENGINE_PODMAN : KB_ENGINE_LAYERS;
	e->info.product = kb_format("%s %.100s", podman ? "Podman" : "Docker",
				    kb_json_member(version, "Version"));
	return agree(&e->info, version, err);
}

/* [["driver-type", "io.containerd.snapshotter.v1"], ..] */
static bool has_snapshotter(const struct kb_value *info)
{
	const struct kb_value *list = kb_value_get(info, "DriverStatus");

	if (!list || kb_value_kind(list) != KB_VALUE_LIST)
		return false;
	for (size_t i = 0; i < kb_value_count(list); i++) {
		const struct kb_value *pair = kb_value_at(list, i);
		const char *s;

		if (kb_value_kind(pair) != KB_VALUE_LIST || kb_value_count(pair) != 2)
			continue;
		s = kb_value_str(kb_value_at(pair, 1), NULL);
		if (s && strncmp(s, "io.containerd.snapshotter.", 26) == 0)
			return true;
	}
	return false;
}

static int learn_store(struct kb_engine *e, struct kb_err *err)
{
	kb_autovalue struct kb_value *info = NULL;
	const char *root;
	int rc = kb_engine_get(e, "/info", KB_ENGINE_ANSWER_MAX, &info, err);

	if (rc < 0)
		return rc;
	root = kb_json_member(info, "DockerRootDir");
	if (root[0] != '/')
		return kb_err_set(err, KB_E_DEPENDENCY,
				  "container engine: DockerRootDir is \"%.100s\", no absolute path",
				  root);
	e->info.root = kb_strdup(root);
	e->info.driver = kb_strdup(kb_json_member(info, "Driver"));
	if (e->info.store == KB_ENGINE_LAYERS && has_snapshotter(info))
		e->info.store = KB_ENGINE_CONTAINERD;
	return 0;
}

int kb_engine_open(const struct kb_engine_options *options, struct kb_engine **ret_engine,
		   struct kb_err *err)
{
	kb_autoengine struct kb_engine *e = kb_alloc(1, sizeof(*e));
	const char *socket = options ? options->socket : NULL;
	int rc;

	e->call_ms = options && options->call_ms ? options->call_ms : KB_ENGINE_CALL_MS;
	e->load_ms = options && options->load_ms ? options->load_ms : KB_ENGINE_LOAD_MS;
	e->progress = options ? options->progress : NULL;
	e->what = nothing;
	if (!socket) {
		rc = kb_engine_socket_find(NULL, &socket, err);
		if (rc < 0)
			return rc;
	}
	e->info.socket = kb_strdup(socket);
	rc = learn_version(e, err);
	if (rc == 0)
		rc = learn_store(e, err);
	if (rc < 0)
		return rc;
	*ret_engine = kb_steal(e);
	return 0;
}

void kb_engine_close(struct kb_engine *e)
{
	if (!e)
		return;
	free(e->info.socket);
	free(e->info.product);
	free(e->info.driver);
	free(e->info.root);
	free(e);
}

void kb_engine_cleanup(struct kb_engine **engine)
{
	kb_engine_close(*engine);
}

const struct kb_engine_info *kb_engine_info(const struct kb_engine *e)
{
	return &e->info;
}

int kb_engine_ping(struct kb_engine *e, struct kb_err *err)
{
	struct kb_engine_request request = {"GET", "/_ping", NULL, 1024, false};
	kb_autobuf struct kb_buf answer = KB_BUF_INIT;
	bool found;
	int rc = kb_engine_call(e, &request, &answer, &found, err);

	if (rc == 0 && (!found || strncmp(answer.data ? answer.data : "", "OK", 2) != 0))
		return kb_err_set(err, KB_E_DEPENDENCY, "container engine: %s does not answer OK",
				  e->info.socket);
	return rc;
}
