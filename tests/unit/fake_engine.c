#include "tests/unit/fake_engine.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/json_read.h"
#include "core/tar.h"
#include "tests/unit/unit.h"

struct fake_private {
	int listener;
	pthread_t thread;
	int fd;       /* the connection */
	bool stopped; /* this connection is over */
};

struct member {
	char *path;
	struct kb_buf data;
};

struct archive {
	struct member list[64];
	size_t n;
};

static void say_n(struct fake_engine *f, const char *data, size_t len)
{
	size_t left = f->cut_at && f->cut_at > f->said ? f->cut_at - f->said : f->cut_at ? 0 : len;

	if (f->private->stopped)
		return;
	left = left < len ? left : len;
	if (send(f->private->fd, data, left, MSG_NOSIGNAL) < 0)
		f->private->stopped = true;
	f->said += left;
	if (left < len || (f->cut_at && f->said == f->cut_at)) {
		f->private->stopped = true;
		f->cut_at = 0; /* once; then it is back */
	}
}

static void say(struct fake_engine *f, const char *text)
{
	say_n(f, text, strlen(text));
}

static void answer_n(struct fake_engine *f, int status, const char *body, size_t len)
{
	char head[128];

	snprintf(head, sizeof(head), "HTTP/1.1 %d X\r\nContent-Length: %zu\r\n\r\n", status, len);
	say(f, head);
	say_n(f, body, len);
}

static void answer(struct fake_engine *f, int status, const char *body)
{
	answer_n(f, status, body, strlen(body));
}

struct fake_image *fake_find(struct fake_engine *f, const char *name)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->images[i].id, name) == 0 || strcmp(f->images[i].tag, name) == 0)
			return &f->images[i];
	return NULL;
}

static void drop(struct fake_engine *f, struct fake_image *image)
{
	kb_buf_free(&image->config);
	for (size_t i = 0; i < image->n_layers; i++)
		kb_buf_free(&image->content[i]);
	*image = f->images[--f->n];
	memset(&f->images[f->n], 0, sizeof(*image));
	f->removed++;
}

/* Archives in memory. */

struct span {
	const char *data;
	size_t len;
};

static int from_span(void *ctx, const void **ret_data, size_t *ret_len, struct kb_err *err)
{
	struct span *s = ctx;

	(void)err;
	*ret_data = s->data;
	*ret_len = s->len;
	s->len = 0;
	return 0;
}

static int read_archive(struct archive *a, const struct kb_buf *body)
{
	struct span span = {body->data, body->len};
	struct kb_tar_reader *r = kb_tar_reader_new(from_span, &span);
	struct kb_tar_member member;
	const void *data;
	size_t len;
	int rc;

	while ((rc = kb_tar_next(r, &member, NULL)) > 0 && a->n < 64) {
		struct member *m = &a->list[a->n++];

		m->path = kb_strdup(member.path);
		m->data = (struct kb_buf)KB_BUF_INIT;
		while ((rc = kb_tar_read(r, &data, &len, NULL)) == 0 && len)
			kb_buf_add(&m->data, data, len);
		if (rc < 0)
			break;
	}
	kb_tar_reader_free(r);
	return rc;
}

static struct kb_buf *lookup(struct archive *a, const char *path)
{
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->list[i].path, path) == 0)
			return &a->list[i].data;
	return NULL;
}

static void free_archive(struct archive *a)
{
	for (size_t i = 0; i < a->n; i++) {
		free(a->list[i].path);
		kb_buf_free(&a->list[i].data);
	}
}

static int to_buf(void *ctx, const void *data, size_t len, struct kb_err *err)
{
	(void)err;
	kb_buf_add(ctx, data, len);
	return 0;
}

/* Loading. */

static struct kb_buf *held_layer(struct fake_engine *f, const struct fake_image *image, size_t k)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->images[i].n_layers > k &&
		    memcmp(f->images[i].layers, image->layers, (k + 1) * KB_DIGEST_LEN) == 0)
			return &f->images[i].content[k];
	return NULL;
}

static const char *read_image(struct fake_engine *f, struct archive *a, const char *config_path,
			      struct fake_image *image)
{
	struct kb_buf *config = lookup(a, config_path), *layer;
	kb_autovalue struct kb_value *json = NULL;
	const struct kb_value *ids;
	struct kb_digest digest;

	if (!config || kb_json_parse("config", config->data, config->len, &json, NULL) < 0)
		return "no config";
	kb_digest_of(config->data, config->len, &digest);
	snprintf(image->id, sizeof(image->id), "sha256:%s", kb_digest_hex(&digest));
	kb_buf_add(&image->config, config->data, config->len);
	ids = kb_value_get(kb_value_get(json, "rootfs"), "diff_ids");
	for (size_t k = 0; k < kb_value_count(ids); k++) {
		const char *hex = kb_value_str(kb_value_at(ids, k), NULL) + 7;
		char path[100];

		snprintf(path, sizeof(path), "blobs/sha256/%s", hex);
		if (!kb_digest_parse(hex, &image->layers[k]))
			return "no digest";
		layer = lookup(a, path);
		if (!layer && f->store == KB_ENGINE_LAYERS)
			layer = held_layer(f, image, k);
		if (!layer)
			return "open /tmp/docker-import/blobs: no such file or directory";
		kb_digest_of(layer->data, layer->len, &digest);
		if (!kb_digest_eq(&digest, &image->layers[k]))
			return "invalid diffID";
		kb_buf_add(&image->content[k], layer->data, layer->len);
		image->n_layers++;
	}
	return NULL;
}

static void keep(struct fake_engine *f, struct fake_image *image, struct kb_buf *out)
{
	if (f->load_other_layers)
		image->layers[0].b[0] ^= 1;
	if (f->load_other_id)
		image->id[8] = image->id[8] == '0' ? '1' : '0';
	kb_buf_printf(out, "{\"stream\":\"Loaded image ID: %s\\n\"}\r\n", image->id);
	if (fake_find(f, image->id) || f->load_forget || f->load_forget_once ||
	    f->n == FAKE_IMAGES) {
		f->load_forget_once = false;
		kb_buf_free(&image->config);
		for (size_t k = 0; k < image->n_layers; k++)
			kb_buf_free(&image->content[k]);
		return;
	}
	f->images[f->n++] = *image;
}

/* The containerd store goes by index.json and names images by their manifest. */
static const char *load_oci(struct fake_engine *f, struct archive *a, struct kb_buf *out)
{
	struct kb_buf *index = lookup(a, "index.json");
	kb_autovalue struct kb_value *json = NULL;
	const struct kb_value *list;

	if (!index || kb_json_parse("index", index->data, index->len, &json, NULL) < 0)
		return "no index";
	list = kb_value_get(json, "manifests");
	for (size_t i = 0; i < kb_value_count(list); i++) {
		const char *id = kb_json_member(kb_value_at(list, i), "digest");
		kb_autovalue struct kb_value *manifest = NULL;
		struct fake_image image = {0};
		struct kb_buf *text;
		const char *why;
		char path[100];

		snprintf(path, sizeof(path), "blobs/sha256/%s", id + 7);
		text = lookup(a, path);
		if (!text || kb_json_parse("m", text->data, text->len, &manifest, NULL) < 0)
			return "no manifest";
		snprintf(path, sizeof(path), "blobs/sha256/%s",
			 kb_json_member(kb_value_get(manifest, "config"), "digest") + 7);
		why = read_image(f, a, path, &image);
		if (why)
			return why;
		strcpy(image.id, id);
		keep(f, &image, out);
	}
	return NULL;
}

static const char *load_docker(struct fake_engine *f, struct archive *a, struct kb_buf *out)
{
	struct kb_buf *text = lookup(a, "manifest.json");
	kb_autovalue struct kb_value *json = NULL;

	if (!text || kb_json_parse("manifest", text->data, text->len, &json, NULL) < 0)
		return "no manifest";
	for (size_t i = 0; i < kb_value_count(json); i++) {
		struct fake_image image = {0};
		const char *why =
			read_image(f, a, kb_json_member(kb_value_at(json, i), "Config"), &image);

		if (why) {
			kb_buf_free(&image.config);
			for (size_t k = 0; k < image.n_layers; k++)
				kb_buf_free(&image.content[k]);
			return why;
		}
		keep(f, &image, out);
	}
	return NULL;
}

static void load(struct fake_engine *f, const struct kb_buf *body)
{
	struct archive a = {.n = 0};
	kb_autobuf struct kb_buf out = KB_BUF_INIT;
	const char *why;

	f->loads++;
	kb_buf_puts(&out, "{\"status\":\"Loading layer\",\"progressDetail\":{\"current\":1,"
			  "\"total\":2},\"progress\":\"[=>  ]\",\"id\":\"abc\"}\r\n");
	while (f->prune_before_load && f->n)
		drop(f, &f->images[0]);
	if (read_archive(&a, body) < 0)
		why = "unexpected EOF";
	else if (f->load_error)
		why = f->load_error;
	else
		why = f->store == KB_ENGINE_CONTAINERD ? load_oci(f, &a, &out)
						       : load_docker(f, &a, &out);
	f->oci = lookup(&a, "oci-layout") != NULL;
	f->layers_got = 0;
	for (size_t i = 0; i < a.n; i++)
		f->layers_got += strncmp(a.list[i].path, "blobs/", 6) == 0;
	if (f->load_words)
		kb_buf_printf(&out, "{\"stream\":\"%s\"}\n", f->load_words);
	if (why)
		kb_buf_printf(&out, "{\"errorDetail\":{\"message\":\"%s\"},\"error\":\"%s\"}\r\n",
			      why, why);
	free_archive(&a);
	answer_n(f, 200, out.data, out.len);
}

/* The other calls. */

static void inspect(struct fake_engine *f, const char *name)
{
	kb_autobuf struct kb_buf out = KB_BUF_INIT;
	struct fake_image *image = fake_find(f, name);

	if (!image) {
		answer(f, 404, "{\"message\":\"No such image\"}");
		return;
	}
	kb_buf_printf(&out, "{\"Id\":\"%s\",\"RepoTags\":[", image->id);
	if (*image->tag)
		kb_buf_printf(&out, "\"%s\"", image->tag);
	kb_buf_puts(&out, "],\"RootFS\":{\"Type\":\"layers\",\"Layers\":[");
	for (size_t i = 0; i < image->n_layers; i++)
		kb_buf_printf(&out, "%s\"sha256:%s\"", i ? "," : "",
			      kb_digest_hex(&image->layers[i]));
	kb_buf_puts(&out, "]}}");
	answer(f, 200, out.data);
}

static void export(struct fake_engine *f, const char *name)
{
	struct fake_image *image = fake_find(f, name);
	kb_autobuf struct kb_buf out = KB_BUF_INIT;
	struct kb_tar_writer *w;
	char path[100];

	if (!image || f->export_status) {
		answer(f, image ? f->export_status : 404, "{\"message\":\"export says no\"}");
		return;
	}
	w = kb_tar_writer_new(to_buf, &out, 1 << 20);
	kb_tar_whole(w, "c.json", 0644, image->config.data, image->config.len, NULL);
	for (size_t i = 0; i < image->n_layers; i++) {
		struct kb_buf *c = &image->content[i];
		kb_autofree char *zeros = kb_alloc(c->len, 1);
		bool oci = f->store == KB_ENGINE_CONTAINERD;
		bool zero = f->zeroed && !oci && i == image->n_layers - 1;

		if (oci)
			snprintf(path, sizeof(path), "blobs/sha256/%s",
				 kb_digest_hex(&image->layers[i]));
		else
			snprintf(path, sizeof(path), "%zu/layer.tar", i);
		kb_tar_whole(w, path, 0644, zero ? zeros : c->data, c->len, NULL);
	}
	kb_tar_end(w, NULL);
	kb_tar_writer_free(w);
	answer_n(f, 200, out.data, out.len);
}

static void list(struct fake_engine *f)
{
	kb_autobuf struct kb_buf out = KB_BUF_INIT;

	kb_buf_puts(&out, "[");
	for (size_t i = 0; i < f->n; i++)
		kb_buf_printf(&out, "%s{\"Id\":\"%s\"}", i ? "," : "", f->images[i].id);
	kb_buf_puts(&out, "]");
	answer(f, 200, out.data);
}

static void tag(struct fake_engine *f, const char *name, const char *query)
{
	struct fake_image *image = fake_find(f, name), *other;
	char text[128] = "";
	size_t n = 0;

	if (!image) {
		answer(f, 404, "{\"message\":\"No such image\"}");
		return;
	}
	for (const char *s = query + 5; *s && n < sizeof(text) - 1; s++) { /* repo=R&tag=T */
		if (strncmp(s, "%2F", 3) == 0) {
			text[n++] = '/';
			s += 2;
		} else if (strncmp(s, "&tag=", 5) == 0) {
			text[n++] = ':';
			s += 4;
		} else {
			text[n++] = *s;
		}
	}
	other = fake_find(f, text);
	if (other)
		other->tag[0] = '\0';
	strcpy(image->tag, text);
	answer(f, 201, "");
}

static void untag(struct fake_engine *f, const char *name)
{
	struct fake_image *image = fake_find(f, name);

	if (!image) {
		answer(f, 404, "{\"message\":\"No such image\"}");
	} else if (image->in_use) {
		answer(f, 409, "{\"message\":\"conflict: container 0123 is using it\"}");
	} else {
		drop(f, image);
		if (f->zeroed_heals)
			f->zeroed = false;
		answer(f, 200, "[]");
	}
}

/* All members of all layers, as a container of the image would have them. */
static void export_container(struct fake_engine *f)
{
	struct fake_image *image = fake_find(f, f->container_of);
	kb_autobuf struct kb_buf out = KB_BUF_INIT;
	struct kb_tar_writer *w = kb_tar_writer_new(to_buf, &out, 1 << 20);

	for (size_t k = 0; image && k < image->n_layers - f->zeroed; k++) {
		struct archive a = {.n = 0};

		read_archive(&a, &image->content[k]);
		for (size_t i = 0; i < a.n; i++)
			kb_tar_whole(w, a.list[i].path, 0644, a.list[i].data.data,
				     a.list[i].data.len, NULL);
		free_archive(&a);
	}
	kb_tar_end(w, NULL);
	kb_tar_writer_free(w);
	answer_n(f, 200, out.data, out.len);
}

static void create(struct fake_engine *f, const struct kb_buf *body)
{
	kb_autovalue struct kb_value *json = NULL;

	if (kb_json_parse("create", body->data, body->len, &json, NULL) < 0 ||
	    !fake_find(f, kb_json_member(json, "Image"))) {
		answer(f, 404, "{\"message\":\"No such image\"}");
		return;
	}
	strcpy(f->container_of, kb_json_member(json, "Image"));
	f->containers_made++;
	f->containers_left++;
	answer(f, 201, "{\"Id\":\"temporary\",\"Warnings\":null}");
}

static void containers(struct fake_engine *f, const char *rest, const struct kb_buf *body)
{
	if (strcmp(rest, "/create") == 0) {
		create(f, body);
	} else if (strcmp(rest, "/temporary/export") == 0) {
		export_container(f);
	} else if (strncmp(rest, "/temporary?force=1", 18) == 0) {
		f->containers_left--;
		answer(f, 204, "");
	} else if (strncmp(rest, "/json", 5) == 0 && strstr(rest, "keybuzz.check")) {
		answer(f, 200, "[]");
	} else if (strncmp(rest, "/json", 5) == 0)
		answer(f, 200,
		       strstr(rest, "keybuzz.none") ? "[]"
						    : "[{\"Id\":\"bb\"},{\"Id\":\"aa\"},"
						      "{\"Id\":\"gone\"}]");
	else if (strcmp(rest, "/aa/json") == 0)
		answer(f, 200,
		       "{\"Id\":\"aa\",\"Name\":\"/redis\",\"Image\":\"sha256:1\",\"Config\":{"
		       "\"Image\":\"keybuzz/"
		       "redis:8\"},\"State\":{\"Status\":\"running\",\"ExitCode\":"
		       "0,\"StartedAt\":\"2025-01-02T03:04:05.6Z\"}}");
	else if (strcmp(rest, "/bb/json") == 0)
		answer(f, 200,
		       "{\"Id\":\"bb\",\"Name\":\"/sentinel\",\"Image\":\"sha256:2\",\"Config\":{"
		       "\"Image\":\"x\"},\"State\":{\"Status\":\"exited\",\"ExitCode\":137,"
		       "\"StartedAt\":\"0001-01-01T00:00:00Z\"}}");
	else
		answer(f, 404, "{\"message\":\"No such container\"}");
}

static void version(struct fake_engine *f)
{
	kb_autobuf struct kb_buf out = KB_BUF_INIT;

	kb_buf_printf(&out,
		      "{\"Components\":[{\"Name\":\"%s\"}],\"Version\":\"1.2.3\","
		      "\"ApiVersion\":\"%s\",\"MinAPIVersion\":\"%s\"}",
		      f->store == KB_ENGINE_PODMAN ? "Podman Engine" : "Engine", f->api,
		      f->api_min);
	answer(f, 200, out.data);
}

static void info(struct fake_engine *f)
{
	kb_autobuf struct kb_buf out = KB_BUF_INIT;

	kb_buf_printf(&out,
		      "{\"DockerRootDir\":\"%s\",\"Driver\":\"overlay2\",\"DriverStatus\":["
		      "[\"a\",\"b\"],[\"driver-type\",\"%s\"]]}",
		      f->root,
		      f->store == KB_ENGINE_CONTAINERD ? "io.containerd.snapshotter.v1" : "none");
	answer(f, 200, out.data);
}

static void images(struct fake_engine *f, const char *method, char *rest, const struct kb_buf *body)
{
	char *slash = strrchr(rest, '/'), *query = strchr(rest, '?');

	if (query)
		*query++ = '\0';
	slash = strrchr(rest, '/');
	if (strcmp(rest, "json") == 0) {
		list(f);
	} else if (strcmp(rest, "load") == 0) {
		load(f, body);
	} else if (strcmp(method, "DELETE") == 0) {
		untag(f, rest);
	} else if (slash) {
		*slash = '\0';
		if (strcmp(slash + 1, "json") == 0)
			inspect(f, rest);
		else if (strcmp(slash + 1, "get") == 0)
			export(f, rest);
		else if (query)
			tag(f, rest, query);
	}
}

static void serve(struct fake_engine *f, const char *method, char *path, const struct kb_buf *body)
{
	if (strncmp(path, "/v1.", 4) == 0)
		path = strchr(path + 1, '/');
	if (strcmp(path, "/_ping") == 0)
		answer(f, 200, "OK");
	else if (strcmp(path, "/version") == 0)
		version(f);
	else if (strcmp(path, "/info") == 0)
		info(f);
	else if (strncmp(path, "/images/", 8) == 0)
		images(f, method, path + 8, body);
	else if (strncmp(path, "/containers", 11) == 0)
		containers(f, path + 11, body);
	else
		answer(f, 404, "{}");
}

static bool more(struct fake_engine *f, struct kb_buf *in)
{
	char buf[65536];
	ssize_t n = recv(f->private->fd, buf, sizeof(buf), 0);

	if (n > 0)
		kb_buf_add(in, buf, (size_t)n);
	return n > 0;
}

/* Undo the chunks of a body that begins at AT; false when it is cut off. */
static bool read_chunks(struct fake_engine *f, struct kb_buf *in, size_t at, struct kb_buf *body)
{
	for (;;) {
		char *line_end, *stop;
		size_t n;

		while (!(line_end = in->len > at ? strstr(in->data + at, "\r\n") : NULL))
			if (!more(f, in))
				return false;
		n = strtoul(in->data + at, &stop, 16);
		at = (size_t)(line_end - in->data) + 2;
		while (in->len < at + n + 2)
			if (!more(f, in))
				return false;
		if (n == 0)
			return true;
		kb_buf_add(body, in->data + at, n);
		at += n + 2;
	}
}

static void say_for_ever(struct fake_engine *f)
{
	kb_autobuf struct kb_buf block = KB_BUF_INIT;

	while (block.len < 65536)
		kb_buf_puts(&block, f->raw_repeat);
	while (!f->private->stopped)
		say_n(f, block.data, block.len);
}

static void connection(struct fake_engine *f)
{
	kb_autobuf struct kb_buf in = KB_BUF_INIT, body = KB_BUF_INIT;
	char *end, method[16] = "", path[4096] = "";

	while (!(in.len && (end = strstr(in.data, "\r\n\r\n"))))
		if (!more(f, &in))
			return;
	sscanf(in.data, "%15s %4095s", method, path);
	if (f->silent) {
		while (more(f, &in))
			;
		return;
	}
	if (f->load_early && strstr(path, "/images/load")) {
		answer(f, 500, f->load_early);
		return;
	}
	if (strcasestr(in.data, "Transfer-Encoding: chunked") &&
	    !read_chunks(f, &in, (size_t)(end - in.data) + 4, &body))
		return;
	if (!f->raw) {
		serve(f, method, path, &body);
		return;
	}
	say(f, f->raw);
	if (f->raw_repeat)
		say_for_ever(f);
}

static void *run(void *arg)
{
	struct fake_engine *f = arg;

	for (;;) {
		f->private->fd = accept(f->private->listener, NULL, NULL);
		if (f->private->fd < 0)
			return NULL;
		f->private->stopped = false;
		connection(f);
		close(f->private->fd);
	}
}

void fake_start(struct fake_engine *f)
{
	static int count;
	struct sockaddr_un addr = {.sun_family = AF_UNIX};

	f->api = f->api ? f->api : "1.45";
	f->api_min = f->api_min ? f->api_min : "1.24";
	f->root = f->root ? f->root : kb_test_dir();
	f->private = kb_alloc(1, sizeof(*f->private));
	snprintf(f->socket, sizeof(f->socket), "%s/engine-%d.sock", kb_test_dir(), count++);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%.100s", f->socket);
	f->private->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(f->private->listener, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(f->private->listener, 8), 0);
	assert_int_equal(pthread_create(&f->private->thread, NULL, run, f), 0);
}

void fake_stop(struct fake_engine *f)
{
	shutdown(f->private->listener, SHUT_RDWR); /* wakes accept */
	pthread_join(f->private->thread, NULL);
	close(f->private->listener);
	while (f->n)
		drop(f, &f->images[0]);
	free(f->private);
	unlink(f->socket);
}
