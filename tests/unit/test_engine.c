#include "stub/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/file.h"
#include "core/mem.h"
#include "stub/engine_call.h"
#include "stub/engine_socket.h"
#include "tests/unit/fake_engine.h"
#include "tests/unit/unit.h"

static int open_at(const char *socket, struct kb_engine **ret, struct kb_err *err)
{
	struct kb_engine_options o = {.socket = socket, .call_ms = 400, .load_ms = 400};

	return kb_engine_open(&o, ret, err);
}

static void expect_no_engine(const char *socket, int code, const char *why)
{
	struct kb_engine *e = NULL;
	struct kb_err err = {0};

	assert_int_equal(open_at(socket, &e, &err), code);
	assert_null(e);
	if (!strstr(err.text, why))
		print_message("%s\n", err.text);
	assert_non_null(strstr(err.text, why));
}

/* G1 */
KB_TEST(an_absent_engine_is_missing)
{
	kb_autofree char *path = kb_format("%s/absent.sock", kb_test_dir());

	expect_no_engine(path, KB_E_MISSING, "No such file");
	expect_no_engine("docker.sock", KB_E_USAGE, "no usable socket path");
}

KB_TEST(a_file_in_the_sockets_place_is_missing)
{
	kb_autofree char *path = kb_format("%s/file.sock", kb_test_dir());

	kb_file_replace(path, "", 0, 0644, NULL);
	expect_no_engine(path, KB_E_MISSING, "is no socket");
	expect_no_engine(kb_test_dir(), KB_E_MISSING, "is no socket");
}

static int bind_at(const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%.100s", path);
	unlink(path);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}

KB_TEST(a_socket_nobody_listens_on_is_missing)
{
	kb_autofree char *path = kb_format("%s/stale.sock", kb_test_dir());

	close(bind_at(path));
	expect_no_engine(path, KB_E_MISSING, "nobody listens");
}

KB_TEST(a_socket_without_permission_is_missing)
{
	kb_autofree char *path = kb_format("%s/closed.sock", kb_test_dir());
	int fd = bind_at(path);

	listen(fd, 1);
	chmod(path, 0600);
	chmod(kb_test_dir(), 0711);
	if (geteuid() == 0 && seteuid(65534) == 0) {
		expect_no_engine(path, KB_E_MISSING, "Permission denied");
		assert_int_equal(seteuid(0), 0);
	}
	close(fd);
}

KB_TEST(a_socket_of_another_user_is_refused)
{
	kb_autofree char *path = kb_format("%s/other.sock", kb_test_dir());
	int fd = bind_at(path);

	/* who listens is who called listen() */
	if (geteuid() == 0 && seteuid(65534) == 0) {
		listen(fd, 1);
		assert_int_equal(seteuid(0), 0);
		expect_no_engine(path, KB_E_ENVIRONMENT, "user 65534");
	}
	close(fd);
}

KB_TEST(a_full_queue_is_a_timeout)
{
	kb_autofree char *path = kb_format("%s/full.sock", kb_test_dir());
	int fd = bind_at(path), got;

	listen(fd, 0);
	assert_int_equal(kb_engine_socket_connect(path, 100, &got, NULL), 0);
	assert_int_equal(kb_engine_socket_connect(path, 100, &got, NULL), KB_E_TIMEOUT);
	close(got);
	close(fd);
}

KB_TEST(the_first_place_where_something_stands_is_taken)
{
	kb_autofree char *a = kb_format("%s/a.sock", kb_test_dir());
	kb_autofree char *b = kb_format("%s/b.sock", kb_test_dir());
	const char *list[] = {a, b, NULL}, *found;

	assert_int_equal(kb_engine_socket_find(list, &found, NULL), KB_E_MISSING);
	kb_file_replace(b, "", 0, 0644, NULL);
	assert_int_equal(kb_engine_socket_find(list, &found, NULL), 0);
	assert_string_equal(found, b);
}

/* G23 */
KB_TEST(the_environment_is_not_asked)
{
	kb_autofree char *path = kb_format("%s/absent.sock", kb_test_dir());
	struct fake_engine f = {0};
	kb_autofree char *host = NULL;

	fake_start(&f);
	host = kb_format("unix://%s", f.socket);
	setenv("DOCKER_HOST", host, 1);
	expect_no_engine(path, KB_E_MISSING, "No such file");
	unsetenv("DOCKER_HOST");
	fake_stop(&f);
}

/* G8 */
static unsigned agreed(const char *min, const char *max)
{
	struct fake_engine f = {.api_min = min, .api = max};
	kb_autoengine struct kb_engine *e = NULL;
	unsigned api = 0;

	fake_start(&f);
	if (open_at(f.socket, &e, NULL) == 0)
		api = kb_engine_info(e)->api;
	fake_stop(&f);
	return api;
}

KB_TEST(a_version_both_speak_is_agreed_on)
{
	assert_int_equal(agreed("1.12", "1.41"), 41);
	assert_int_equal(agreed("1.24", "1.45"), 41);
	assert_int_equal(agreed("1.44", "1.52"), 44);
	assert_int_equal(agreed("1.12", "1.24"), 24);
	assert_int_equal(agreed("", "1.30"), 30);
}

KB_TEST(versions_that_make_no_sense_are_refused)
{
	assert_int_equal(agreed("1.12", "1.23"), 0);
	assert_int_equal(agreed("1.45", "1.41"), 0);
	assert_int_equal(agreed("1.24", "2.0"), 0);
	assert_int_equal(agreed("1.24", "1."), 0);
	assert_int_equal(agreed("1.24", "1.4a"), 0);
	assert_int_equal(agreed("1.24", "1.10000"), 0);
}

KB_TEST(what_the_engine_is_is_learnt)
{
	static const char *const names[] = {"Docker 1.2.3", "Docker 1.2.3", "Podman 1.2.3"};

	for (int store = KB_ENGINE_LAYERS; store <= KB_ENGINE_PODMAN; store++) {
		struct fake_engine f = {.store = (enum kb_engine_store)store};
		kb_autoengine struct kb_engine *e = NULL;

		fake_start(&f);
		assert_int_equal(open_at(f.socket, &e, NULL), 0);
		assert_int_equal(kb_engine_info(e)->store, store);
		assert_string_equal(kb_engine_info(e)->product, names[store]);
		assert_string_equal(kb_engine_info(e)->driver, "overlay2");
		assert_string_equal(kb_engine_info(e)->root, kb_test_dir());
		assert_int_equal(kb_engine_ping(e, NULL), 0);
		fake_stop(&f);
	}
}

/* G2 */
static void expect_bad_answer(const char *raw, const char *repeat, const char *why)
{
	struct fake_engine f = {.raw = raw, .raw_repeat = repeat};

	fake_start(&f);
	expect_no_engine(f.socket, KB_E_DEPENDENCY, why);
	fake_stop(&f);
}

#define JSON_HEAD "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"

KB_TEST(nonsense_is_a_failed_dependency)
{
	expect_bad_answer("", NULL, "closed the connection");
	expect_bad_answer("garbage\r\n", NULL, "no HTTP/1 status line");
	expect_bad_answer("\x16\x03\x01\x02", "\xff\xfe", "more than");
	expect_bad_answer("HTTP/1.1 500 no\r\nContent-Length: 17\r\n\r\n{\"message\":\"ill\"}",
			  NULL, "the engine says 500: ill");
	expect_bad_answer("HTTP/1.1 403 no\r\n\r\n<html>", NULL, "the engine says 403");
	expect_bad_answer(JSON_HEAD "no json", NULL, "not JSON");
	expect_bad_answer(JSON_HEAD "[]", NULL, "does not tell its version");
	expect_bad_answer(JSON_HEAD "{}", NULL, "is not understood");
	expect_bad_answer(JSON_HEAD "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", NULL, "nested too deeply");
	expect_bad_answer(JSON_HEAD, "aaaa", "more than");
	expect_bad_answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\na\r\n",
			  "more than");
	expect_bad_answer("HTTP/1.1 200 OK\r\n", "A: b\r\n", "more than 128 headers");
	expect_bad_answer("HTTP/1.1 404 no\r\nContent-Length: 0\r\n\r\n", NULL,
			  "does not tell its version");
}

KB_TEST(a_silent_engine_is_a_timeout)
{
	struct fake_engine f = {.silent = true};

	fake_start(&f);
	expect_no_engine(f.socket, KB_E_TIMEOUT, "silent");
	fake_stop(&f);
}

KB_TEST(an_engine_without_a_root_is_refused)
{
	struct fake_engine f = {.root = "relative"};

	fake_start(&f);
	expect_no_engine(f.socket, KB_E_DEPENDENCY, "no absolute path");
	fake_stop(&f);
}

KB_TEST(containers_are_listed_by_name)
{
	struct fake_engine f = {0};
	kb_autoengine struct kb_engine *e = NULL;
	struct kb_engine_container *list;
	size_t n;

	fake_start(&f);
	assert_int_equal(open_at(f.socket, &e, NULL), 0);
	assert_int_equal(kb_engine_containers(e, "keybuzz.role=redis", &list, &n, NULL), 0);
	assert_int_equal(n, 2);
	assert_string_equal(list[0].name, "redis");
	assert_string_equal(list[0].id, "aa");
	assert_string_equal(list[0].image, "keybuzz/redis:8");
	assert_string_equal(list[0].image_id, "sha256:1");
	assert_string_equal(list[0].started, "2025-01-02T03:04:05.6Z");
	assert_true(list[0].running);
	assert_string_equal(list[1].name, "sentinel");
	assert_string_equal(list[1].started, "");
	assert_int_equal(list[1].exit_code, 137);
	assert_false(list[1].running);
	kb_engine_containers_free(list, n);
	assert_int_equal(kb_engine_containers(e, "keybuzz.none", &list, &n, NULL), 0);
	assert_int_equal(n, 0);
	kb_engine_containers_free(list, n);
	fake_stop(&f);
}

KB_TEST(one_container_is_found_or_not)
{
	struct fake_engine f = {0};
	kb_autoengine struct kb_engine *e = NULL;
	struct kb_engine_container *c;

	fake_start(&f);
	assert_int_equal(open_at(f.socket, &e, NULL), 0);
	assert_int_equal(kb_engine_container(e, "aa", &c, NULL), 0);
	assert_string_equal(c->state, "running");
	kb_engine_containers_free(c, 1);
	assert_int_equal(kb_engine_container(e, "../images/x", &c, NULL), 0);
	assert_null(c);
	fake_stop(&f);
}

KB_TEST(names_are_quoted_for_their_place)
{
	kb_autobuf struct kb_buf b = KB_BUF_INIT;

	kb_engine_quote(&b, "keybuzz/redis:8.0 ?#%&=é", false);
	assert_string_equal(b.data, "keybuzz/redis:8.0%20%3F%23%25%26%3D%C3%A9");
	kb_buf_clear(&b);
	kb_engine_quote(&b, "keybuzz/redis:8", true);
	assert_string_equal(b.data, "keybuzz%2Fredis%3A8");
}

KB_TEST(a_full_disk_is_recognised_in_words)
{
	assert_int_equal(kb_engine_code("write /x: no space left on device"), KB_E_SPACE);
	assert_int_equal(kb_engine_code("Disk quota exceeded"), KB_E_SPACE);
	assert_int_equal(kb_engine_code("no such file"), KB_E_DEPENDENCY);
}

KB_TEST(a_name_without_end_is_refused)
{
	struct fake_engine f = {0};
	kb_autoengine struct kb_engine *e = NULL;
	struct kb_engine_image *image;
	kb_autobuf struct kb_buf name = KB_BUF_INIT;

	fake_start(&f);
	assert_int_equal(open_at(f.socket, &e, NULL), 0);
	for (int i = 0; i < 5000; i++)
		kb_buf_putc(&name, 'a');
	assert_int_equal(kb_engine_image(e, name.data, &image, NULL), KB_E_INVALID);
	assert_int_equal(kb_engine_tag(e, "x", "host:5000/no-tag", NULL), KB_E_INVALID);
	fake_stop(&f);
}
