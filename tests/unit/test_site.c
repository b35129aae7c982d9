/* builder/site.c and what it calls: a small good site in a scratch folder, one
 * thing changed, all findings compared. E, K and L numbers are those of the
 * list of hostile inputs. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "builder/image_source.h"
#include "builder/lint.h"
#include "builder/packages.h"
#include "builder/site.h"
#include "core/file.h"
#include "core/mem.h"

static char *dir; /* of the site at hand; holds manifests/ and payload/ */

static void put_n(const char *path, const char *text, size_t len)
{
	kb_autofree char *full = kb_format("%s/%s", dir, path);
	kb_autofree char *parent = kb_strndup(full, (size_t)(strrchr(full, '/') - full));

	assert_int_equal(kb_mkdirs(parent, 0755, NULL), 0);
	assert_int_equal(kb_file_replace(full, text, len, 0644, NULL), 0);
}

static void put(const char *path, const char *text)
{
	put_n(path, text, strlen(text));
}

static char *full_path(const char *path)
{
	return kb_format("%s/%s", dir, path);
}

#define SITE                                                                            \
	"product: keybuzz\nversion: \"1.0.0\"\nchannel: stable\nepoch: 1\ncounter: 2\n" \
	"arch: x86_64\nnetwork: 10.0.0.0/16\nmirror: http://deb.debian.org/debian\n"    \
	"os:\n  - {id: debian, min: \"12\", max: \"13\"}\n"                             \
	"variables:\n  region: no\n  list:\n    - {name: a, size: 1}\n    - {name: b}\n"

#define COLUMNS                                                                               \
	"ENV\tIP_PUBLIQUE\tHOSTNAME\tIP_PRIVEE\tFQDN\tUSER_SSH\tPOOL\tROLE\tSUBROLE\tDOCKER_" \
	"STACK\t"                                                                             \
	"CORE\tNOTES\n"
#define HOST(name, ip, role) \
	"prod\t\t" name "\t" ip "\t\troot\t\t" role "\tmaster\t" role "-docker\tyes\t\n"

#define IMAGES                                                                                \
	"images:\n  redis:\n    tag: keybuzz/redis:8.0.2\n    debian:\n      suite: trixie\n" \
	"      packages: [redis-server]\n"

#define ROLE                                                                    \
	"role: redis\nsummary: Redis\nselect: {role: redis}\nimages: [redis]\n" \
	"credentials:\n  redis: [REDIS_PASSWORD]\nvariables: {port: 6379}\n"
#define CREDENTIALS "credentials:\n  redis:\n    REDIS_PASSWORD: {secret: 32}\n"
#define STEPS       "steps:\n  - {id: data, directory: /opt/keybuzz/redis, owner: \"999:999\"}\n"

/* A site without a fault. */
static void new_site(void)
{
	static int number;

	free(dir);
	dir = kb_format("%s/site%d", kb_test_dir(), number++);
	put("manifests/site.yaml", SITE);
	put("manifests/servers.tsv",
	    COLUMNS HOST("redis-01", "10.0.0.1", "redis") HOST("redis-02", "10.0.0.2", "redis")
		    HOST("lb-01", "10.0.0.9", "my-lb"));
	put("manifests/images.yaml", IMAGES);
	put("manifests/credentials.yaml", CREDENTIALS);
	put("manifests/roles/redis.yaml", ROLE STEPS);
	put("payload/lib/log.sh", "log() { :; }\n");
	put("payload/roles/redis/steps/a.sh", "#!/bin/sh\n:\n");
}

static char *load(struct kb_site **ret_site, int *ret_code)
{
	kb_autofree char *manifests = full_path("manifests");
	kb_autodiag struct kb_diag diag = KB_DIAG_INIT;
	struct kb_buf out = KB_BUF_INIT;
	struct kb_site *site = NULL;
	struct kb_err err;

	*ret_code = kb_site_load(manifests, &site, &diag, &err);
	for (size_t i = 0; i < diag.n; i++) {
		const char *file = diag.items[i].file;

		if (strncmp(file, dir, strlen(dir)) == 0)
			file += strlen(dir) + 1;
		kb_buf_printf(&out, "%s:%zu:%zu: %s\n", file, diag.items[i].line,
			      diag.items[i].column, diag.items[i].text);
	}
	if (ret_site)
		*ret_site = site;
	else
		kb_site_free(site);
	return kb_buf_steal(&out);
}

static void expect(const char *wanted)
{
	kb_autofree char *found = NULL;
	int code;

	found = load(NULL, &code);
	if (strcmp(found, wanted) != 0) /* cmocka cuts long texts */
		fprintf(stderr, "%s", found);
	assert_string_equal(found, wanted);
	assert_int_equal(code, wanted[0] ? KB_E_INVALID : 0);
}

static void expect_role(const char *text, const char *wanted)
{
	put("manifests/roles/redis.yaml", text);
	expect(wanted);
}

KB_TEST(a_good_site_becomes_a_model)
{
	kb_autofree char *found = NULL;
	const struct kb_role *role;
	const struct kb_step *s;
	struct kb_site *site;
	int code;

	new_site();
	put("manifests/roles/redis.yaml",
	    ROLE "ports: [26379, 6379]\nmemory: 512\nengine: docker\nhosts: {min: 2}\n"
		 "files: [extra/x]\n" STEPS "  - {id: conf, template: t/redis.conf, to: "
		 "/etc/redis.conf, mode: \"0640\", keep: true}\n"
		 "  - {id: load, images: [redis]}\n"
		 "  - {id: unit, unit: keybuzz-redis.service, from: t/unit, watch: [conf, load]}\n"
		 "  - {id: ready, wait: lib/ready.sh, timeout: 5m, pending: true, args: [a, b c]}\n"
		 "  - {id: more, script: steps/a.sh, always: true, watch: [unit]}\n"
		 "checks:\n  - {id: health, check: steps/a.sh}\n");
	put("payload/lib/ready.sh", "#!/bin/sh\n");
	put("payload/lib/sub/b", "b\n");
	put("payload/roles/redis/extra/x", "x\n");
	put("payload/roles/redis/t/redis.conf",
	    "port {{port}}\npass {{credentials.REDIS_PASSWORD}}\n{{> more}}\n");
	put("payload/roles/redis/t/unit", "{{image.redis.id}} {{host.name}}\n");
	put("payload/roles/redis/templates/more", "{{region}}\n");
	found = load(&site, &code);
	assert_string_equal(found, "");
	assert_int_equal(code, 0);
	assert_string_equal(site->product, "keybuzz");
	assert_string_equal(site->version, "1.0.0");
	assert_int_equal(site->counter, 2);
	assert_int_equal(site->n_os, 1);
	assert_string_equal(site->os[0].max, "13");
	assert_string_equal(kb_value_str(kb_value_get(site->variables, "region"), NULL), "no");
	assert_int_equal(kb_inventory_count(site->inventory), 3);
	assert_string_equal(kb_site_image(site, "redis")->suite, "trixie");
	assert_string_equal(kb_site_image(site, "redis")->mirror, "http://deb.debian.org/debian");
	assert_null(kb_site_image(site, "none"));
	assert_null(kb_site_role(site, "none"));
	role = kb_site_role(site, "redis");
	assert_int_equal(role->n_ports, 2);
	assert_int_equal(role->ports[0], 6379);
	assert_int_equal(role->hosts_min, 2);
	assert_string_equal(role->engine, "docker");
	assert_string_equal(kb_value_str(kb_value_get(role->variables, "port"), NULL), "6379");
	assert_string_equal(kb_value_str(kb_value_get(role->variables, "region"), NULL), "no");
	assert_int_equal(role->files.n, 8);
	assert_string_equal(role->files.v[0], "lib/log.sh");
	assert_string_equal(role->files.v[2], "lib/sub/b");
	assert_string_equal(role->files.v[3], "roles/redis/extra/x");
	assert_string_equal(role->files.v[6], "roles/redis/t/unit");
	assert_string_equal(role->files.v[7], "roles/redis/templates/more");
	assert_int_equal(role->n_steps, 7);
	s = role->steps;
	assert_int_equal(s[0].kind, KB_STEP_DIRECTORY);
	assert_int_equal(s[0].mode, 0755);
	assert_int_equal(s[0].uid, 999);
	assert_int_equal(s[1].flags, KB_STEP_KEEP);
	assert_int_equal(s[1].mode, 0640);
	assert_string_equal(s[1].source, "roles/redis/t/redis.conf");
	assert_string_equal(s[2].args[0], "redis");
	assert_string_equal(s[3].target, "keybuzz-redis.service");
	assert_int_equal(s[3].n_watch, 2);
	assert_string_equal(s[4].source, "lib/ready.sh");
	assert_int_equal(s[4].timeout, 300);
	assert_int_equal(s[4].flags, KB_STEP_PENDING);
	assert_string_equal(s[4].args[1], "b c");
	assert_int_equal(s[5].flags, KB_STEP_ALWAYS);
	assert_int_equal(s[6].phase, KB_PHASE_CHECK);
	assert_int_equal(s[6].timeout, 60);
	kb_site_free(site);
}

KB_TEST(a_missing_site_is_missing)
{
	kb_autodiag struct kb_diag diag = KB_DIAG_INIT;
	struct kb_site *site;
	struct kb_err err;

	assert_int_equal(kb_site_load("/nonexistent/manifests", &site, &diag, &err), KB_E_MISSING);
	assert_int_equal(kb_diag_count(&diag), 0);
}

KB_TEST(empty_folders_name_every_missing_file)
{
	new_site();
	free(dir);
	dir = kb_format("%s/empty", kb_test_dir());
	put("manifests/x", "");
	expect("manifests:0:0: roles: there is no such file\n"
	       "manifests/images.yaml:0:0: images.yaml: there is no such file\n"
	       "manifests/site.yaml:0:0: site.yaml: there is no such file\n");
}

KB_TEST(e1_names_are_judged)
{
	static const char *const bad[] = {"\"a/b\"",  "\"..\"", "\"a b\"", "\"$(id)\"",
					  "\"`id`\"", "-x",     "É"};
	kb_autobuf struct kb_buf text = KB_BUF_INIT;

	new_site();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		kb_autofree char *found = NULL, *site = NULL;
		int code;

		site = kb_format("product: %s\nversion: %s\nchannel: %s\n%s", bad[i], bad[i],
				 bad[i], strstr(SITE, "epoch"));
		put("manifests/site.yaml", site);
		found = load(NULL, &code);
		assert_int_equal(code, KB_E_INVALID);
		assert_non_null(strstr(found, "manifests/site.yaml:1:10: product: \""));
		assert_non_null(strstr(found, "manifests/site.yaml:2:10: version: \""));
		assert_non_null(strstr(found, "manifests/site.yaml:3:10: channel: \""));
	}
	kb_buf_puts(&text, "product: \"a\\nb\"\nversion: ");
	for (int i = 0; i < 10240; i++)
		kb_buf_putc(&text, '1');
	kb_buf_printf(&text, "\nchannel: stable\n%s", strstr(SITE, "epoch"));
	put("manifests/site.yaml", text.data);
	expect("manifests/site.yaml:1:10: product: a line end or tab in the text\n"
	       "manifests/site.yaml:2:10: version: 10240 bytes, at most 4096\n");
}

KB_TEST(e1_a_role_is_called_like_its_file)
{
	new_site();
	put("manifests/roles/Bad name.yaml", "role: x\n");
	put("manifests/roles/other.yaml", "role: redis\nsummary: x\nselect: {}\n");
	put("manifests/roles/redis.yml", "");
	put("manifests/roles/.redis.yaml.swp", "");
	expect("manifests/roles/Bad name.yaml:0:0: \"Bad name\" is not a role's name; use a-z, 0-9 "
	       "and -\n"
	       "manifests/roles/other.yaml:1:7: role: \"redis\" in the file other.yaml\n"
	       "manifests/roles/redis.yml:0:0: not a role: the name of a role's file ends in "
	       ".yaml\n");
}

KB_TEST(e6_e7_keys_of_site_yaml_are_typed)
{
	new_site();
	put("manifests/site.yaml",
	    "product: [keybuzz]\nversion: 1.0.0\nchanel: stable\nepoch: -1\ncounter: \"1\"\n"
	    "arch: no\nnetwork: 10.0.0.1/16\nos: []\nnot_before: 2026-02-30\nnot_after: yes\n"
	    "credentials: none\ninventory: ../servers.tsv\nvariables: {host: 1, x-y: 2}\n");
	expect("manifests/site.yaml:1:1: the key \"channel\" is missing\n"
	       "manifests/site.yaml:1:10: product: expected text, found a list\n"
	       "manifests/site.yaml:3:1: unknown key \"chanel\"; did you mean \"channel\"?\n"
	       "manifests/site.yaml:4:8: epoch: expected a number from 0 to 9007199254740991, "
	       "found "
	       "-1\n"
	       "manifests/site.yaml:5:10: counter: expected a number from 0 to 9007199254740991, "
	       "found the quoted text \"1\"\n"
	       "manifests/site.yaml:6:7: arch: \"no\" is not x86_64 or aarch64\n"
	       "manifests/site.yaml:7:10: network: \"10.0.0.1/16\" is not a network like "
	       "10.0.0.0/16\n"
	       "manifests/site.yaml:8:5: os: the list is empty\n"
	       "manifests/site.yaml:9:13: not_before: \"2026-02-30\" is not a day like 2026-01-31\n"
	       "manifests/site.yaml:10:12: not_after: \"yes\" is not a day like 2026-01-31\n"
	       "manifests/site.yaml:11:14: credentials: \"none\" is not least or journal\n"
	       "manifests/site.yaml:12:12: inventory: \"../servers.tsv\" is not a path below the "
	       "site\n"
	       "manifests/site.yaml:13:13: \"host\" is no name for a variable: templates have it "
	       "already\n"
	       "manifests/site.yaml:13:22: \"x-y\" cannot be named in a template; use letters, "
	       "digits and _\n");
}

KB_TEST(a_day_is_read_in_utc)
{
	kb_autofree char *found = NULL;
	struct kb_site *site;
	int code;

	new_site();
	put("manifests/site.yaml", SITE "not_before: 2026-01-31\nnot_after: 2028-02-29\n");
	found = load(&site, &code);
	assert_string_equal(found, "");
	assert_int_equal(site->not_before, 1769817600);
	assert_int_equal(site->not_after, 1835481599);
	kb_site_free(site);
	put("manifests/site.yaml", SITE "not_before: 2026-01-31\nnot_after: 2026-01-30\n");
	expect("manifests/site.yaml:1:1: \"not_after\" is before \"not_before\"\n");
}

KB_TEST(addresses_lie_in_the_network_and_are_no_vip)
{
	new_site();
	put("manifests/site.yaml", SITE "  redis_vip: 10.0.0.2\n  vips: {lb: [10.0.0.9]}\n");
	put("manifests/servers.tsv",
	    COLUMNS HOST("redis-01", "10.1.0.1", "redis") HOST("redis-02", "10.0.0.2", "redis")
		    HOST("lb-01", "10.0.0.9", "my-lb"));
	expect("manifests/servers.tsv:2:16: redis-01: address 10.1.0.1 is not in the network "
	       "10.0.0.0/16\n"
	       "manifests/servers.tsv:3:16: redis-02: address 10.0.0.2 is the virtual one of "
	       "\"redis_vip\"\n"
	       "manifests/servers.tsv:4:13: lb-01: address 10.0.0.9 is the virtual one of "
	       "\"lb\"\n");
}

KB_TEST(e10_references_that_float_are_refused)
{
	static const struct {
		const char *reference, *why;
	} cases[] = {
		{"docker.io/library/haproxy:2.8.5", NULL},
		{"localhost:5000/x:1", NULL},
		{"docker.io/library/haproxy@sha256:"
		 "0123456789012345678901234567890123456789012345678901234567890123",
		 NULL},
		{"docker.io/library/haproxy:latest", "floats"},
		{"docker.io/library/haproxy:stable", "floats"},
		{"docker.io/library/haproxy:edge", "floats"},
		{"docker.io/library/haproxy:main", "floats"},
		{"docker.io/library/haproxy:nightly", "floats"},
		{"docker.io/library/haproxy:alpine", "floats"},
		{"docker.io/library/haproxy", "floats"},
		{"localhost:5000/x", "floats"},
		{"haproxy:2.8.5", "registry"},
		{"library/haproxy:2.8.5", "registry"},
		{"docker.io/x:1@sha256:0123", "digest"},
		{"docker.io/x:1@md5:0123", "digest"},
		{"docker.io/X:1", "reference"},
		{"docker.io/x:", "characters"},
		{"docker.io/x y:1", "reference"},
		{"docker.io//x:1", "reference"},
		{"docker.io/x:1;id", "characters"},
		{"", "reference"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *fault = kb_image_source_fault(cases[i].reference);

		if (cases[i].why && !fault)
			fail_msg("accepted: %s", cases[i].reference);
		if (cases[i].why)
			assert_non_null(strstr(fault, cases[i].why));
		else
			assert_null(fault);
	}
}

KB_TEST(images_have_one_source)
{
	new_site();
	put("manifests/images.yaml",
	    IMAGES "  Bad: {registry: docker.io/library/haproxy:latest}\n"
		   "  two: {registry: docker.io/x:1, oci: x}\n"
		   "  none: {tag: x}\n"
		   "  file: {archive: a.tar, sha256: 12}\n"
		   "  out: {archive: ../a.tar}\n"
		   "  deb: {debian: {suite: Trixie, base: [x y, ca-certificates, ca-certificates], "
		   "workdir: x, user: \"a b\", env: {1A: x, B: [1]}, entry: [x]}}\n"
		   "  twin: {tag: \"keybuzz/redis:8.0.2\", registry: docker.io/x:1}\n"
		   "  debpin: {debian: {suite: trixie, packages: [redis-server=1]}}\n");
	expect("manifests/images.yaml:7:3: \"Bad\" is not a name; use a-z, 0-9 and -\n"
	       "manifests/images.yaml:7:19: registry: \"docker.io/library/haproxy:latest\" has a "
	       "tag "
	       "that floats; name a version\n"
	       "manifests/images.yaml:8:39: an image has one source; this one has \"registry\" and "
	       "\"oci\"\n"
	       "manifests/images.yaml:9:9: an image has one source: debian, registry, archive or "
	       "oci\n"
	       "manifests/images.yaml:9:15: tag: \"x\" is not a name like keybuzz/redis:8.0.2\n"
	       "manifests/images.yaml:10:19: archive: a.tar: there is no such file\n"
	       "manifests/images.yaml:10:34: sha256: \"12\" is not 64 lower-case hex digits\n"
	       "manifests/images.yaml:11:18: archive: path \"../a.tar\": has the component \"..\"\n"
	       "manifests/images.yaml:12:17: the key \"packages\" is missing\n"
	       "manifests/images.yaml:12:25: suite: \"Trixie\" is not a suite like trixie\n"
	       "manifests/images.yaml:12:40: base: \"x y\" is not a package name\n"
	       "manifests/images.yaml:12:62: base: \"ca-certificates\" stands twice\n"
	       "manifests/images.yaml:12:89: workdir: \"x\" is not an absolute path\n"
	       "manifests/images.yaml:12:98: user: \"a b\" is not a user like \"999:999\"\n"
	       "manifests/images.yaml:12:111: \"1A\" is not a name of the environment\n"
	       "manifests/images.yaml:12:121: B: expected text, found a list\n"
	       "manifests/images.yaml:12:127: unknown key \"entry\"; did you mean \"entrypoint\"?\n"
	       "manifests/images.yaml:13:3: tag \"keybuzz/redis:8.0.2\" is also that of \"redis\"\n"
	       "manifests/images.yaml:14:47: packages: \"redis-server=1\" is not a package name\n");
}

KB_TEST(e11_numbers_of_a_role_are_bounded)
{
	new_site();
	expect_role(
		ROLE "ports: [0, 65536, -1, 1e3, 80, 80]\nmemory: 2147483648\n"
		     "hosts: {min: 3, odd: yes}\n",
		"manifests/roles/redis.yaml:8:9: ports: expected a number from 1 to 65535, found "
		"0\n"
		"manifests/roles/redis.yaml:8:12: ports: expected a number from 1 to 65535, "
		"found 65536\n"
		"manifests/roles/redis.yaml:8:19: ports: expected a number from 1 to 65535, "
		"found -1\n"
		"manifests/roles/redis.yaml:8:23: ports: expected a number from 1 to 65535, "
		"found 1e3\n"
		"manifests/roles/redis.yaml:8:32: ports: 80 stands twice\n"
		"manifests/roles/redis.yaml:9:9: memory: expected a number from 1 to 16777216, "
		"found 2147483648\n"
		"manifests/roles/redis.yaml:10:8: hosts: 2 of servers.tsv match \"select\", at "
		"least 3 are needed\n"
		"manifests/roles/redis.yaml:10:22: odd: expected true or false, found yes\n");
	expect_role(ROLE "hosts: {min: 2, odd: true}\n",
		    "manifests/roles/redis.yaml:8:8: hosts: 2 of servers.tsv match \"select\", an "
		    "odd number is needed\n");
}

KB_TEST(references_of_a_role_exist)
{
	new_site();
	put("manifests/credentials.yaml", CREDENTIALS "    A: {value: a}\n    B: {value: b}\n");
	expect_role("role: redis\nsummary: x\nselect: {role: Redis, rol: x}\nengine: podman\n"
		    "images: [rdis]\nfiles: [none, ../../etc/passwd, /etc/passwd]\n"
		    "credentials: {Redis: [A], redis: [REDIS_PASWORD, A, B, A]}\n",
		    "manifests/roles/redis.yaml:3:16: role: \"Redis\" is not a ROLE\n"
		    "manifests/roles/redis.yaml:3:23: unknown key \"rol\"; did you mean \"role\"?\n"
		    "manifests/roles/redis.yaml:4:9: engine: \"podman\" is not docker\n"
		    "manifests/roles/redis.yaml:5:10: images: images.yaml has no \"rdis\"; did you "
		    "mean \"redis\"?\n"
		    "manifests/roles/redis.yaml:6:9: files: payload/roles/redis/none: there is no "
		    "such file\n"
		    "manifests/roles/redis.yaml:6:15: files: path \"../../etc/passwd\": has the "
		    "component \"..\"\n"
		    "manifests/roles/redis.yaml:6:33: files: path \"/etc/passwd\": is "
		    "absolute\n"
		    "manifests/roles/redis.yaml:7:15: credentials: credentials.yaml has no "
		    "\"Redis\"\n"
		    "manifests/roles/redis.yaml:7:35: redis: credentials.yaml has no "
		    "\"REDIS_PASWORD\"; did you mean \"REDIS_PASSWORD\"?\n"
		    "manifests/roles/redis.yaml:7:56: redis: \"A\" stands twice\n");
}

KB_TEST(credentials_say_how_they_are_made)
{
	new_site();
	put("manifests/credentials.yaml",
	    "credentials:\n  redis:\n    REDIS_PASSWORD: {secret: 8}\n    redis_user: {value: kb}\n"
	    "    A: {value: \"a b\"}\n    B: {value: a, secret: 32}\n    C: {}\n"
	    "    D: {verifier: E}\n    F: {verifier: A}\n    G: {hex: 3}\n  Mod: {}\n");
	expect("manifests/credentials.yaml:3:30: secret: expected a number from 24 to 128, found "
	       "8\n"
	       "manifests/credentials.yaml:4:5: \"redis_user\" is not a name like REDIS_PASSWORD\n"
	       "manifests/credentials.yaml:5:16: value: \"a b\" is not a default of letters, "
	       "digits "
	       "and ._:/@+,-\n"
	       "manifests/credentials.yaml:6:8: B: exactly one of \"value\", \"secret\" and "
	       "\"verifier\"\n"
	       "manifests/credentials.yaml:7:8: C: exactly one of \"value\", \"secret\" and "
	       "\"verifier\"\n"
	       "manifests/credentials.yaml:8:8: D: \"E\" is no secret of redis\n"
	       "manifests/credentials.yaml:9:8: F: \"A\" is no secret of redis\n"
	       "manifests/credentials.yaml:10:8: G: exactly one of \"value\", \"secret\" and "
	       "\"verifier\"\n"
	       "manifests/credentials.yaml:10:9: unknown key \"hex\"\n"
	       "manifests/credentials.yaml:11:3: \"Mod\" is not the name of a credentials file; "
	       "use a-z, 0-9 and -\n");
}

KB_TEST(a_role_is_given_what_it_names_or_the_whole_file)
{
	struct kb_site *site = NULL;
	int code;

	new_site();
	put("manifests/credentials.yaml",
	    CREDENTIALS "    A: {value: a}\n  other: {B: {value: b}}\n");
	free(load(&site, &code));
	assert_int_equal(code, 0);
	assert_int_equal(site->roles[0].n_credentials, 1);
	assert_int_equal(site->roles[0].credentials[0].length, 32);
	kb_site_free(site);
	put("manifests/site.yaml", SITE "credentials: journal\n");
	free(load(&site, &code));
	assert_int_equal(code, 0);
	assert_int_equal(site->roles[0].n_credentials, 2);
	assert_string_equal(site->roles[0].credentials[0].variable, "A");
	kb_site_free(site);
}

/* L8 among them: a step that watches one that comes later. */
KB_TEST(steps_are_judged_by_their_kind)
{
	new_site();
	expect_role(
		ROLE "steps:\n"
		     "  - {id: A, directory: /proc/x, keep: true}\n"
		     "  - {id: b}\n"
		     "  - {id: c, directry: /opt/x, owner: \"0:0\"}\n"
		     "  - {id: d, directory: /opt/x, file: x}\n"
		     "  - {directory: /opt/x, mode: 0755, owner: redis}\n"
		     "  - {id: e, script: steps/a.sh, watch: [later, b], timeout: 0}\n"
		     "  - {id: later, check: steps/a.sh}\n"
		     "  - {id: b, unit: x.timer, from: steps/none}\n"
		     "  - {id: f, images: [other]}\n"
		     "  - {id: g, file: steps/a.sh, to: etc/x, mode: \"0666\"}\n"
		     "  - text\n"
		     "checks:\n"
		     "  - {id: h, directory: /opt/x}\n"
		     "  - {id: i, script: steps/a.sh, watch: [e]}\n"
		     "failover: {}\n"
		     "purge:\n  - {id: j, script: steps, args: x}\n",
		"manifests/roles/redis.yaml:9:10: id: \"A\" is not an id; use a-z, 0-9 and -\n"
		"manifests/roles/redis.yaml:9:24: directory: path \"/proc/x\": nothing is "
		"installed in "
		"/proc\n"
		"manifests/roles/redis.yaml:9:39: \"keep\" does not go with \"directory\"\n"
		"manifests/roles/redis.yaml:10:5: a step needs a kind: directory, file, template, "
		"unit, images, script, wait, check, packages or volume\n"
		"manifests/roles/redis.yaml:11:13: unknown key \"directry\"; did you mean "
		"\"directory\"?\n"
		"manifests/roles/redis.yaml:12:38: a step has one kind; this one has \"directory\" "
		"and \"file\"\n"
		"manifests/roles/redis.yaml:13:5: the key \"id\" is missing\n"
		"manifests/roles/redis.yaml:13:31: mode: expected four octal digits in quotes, "
		"like "
		"\"0640\", found 0755\n"
		"manifests/roles/redis.yaml:13:44: owner: \"redis\" is not \"UID:GID\" in numbers\n"
		"manifests/roles/redis.yaml:14:41: watch: \"later\" is no step before this one in "
		"the same list\n"
		"manifests/roles/redis.yaml:14:61: timeout: expected a duration like 90, 90s, 5m "
		"or "
		"1h, at most 86400s, found 0\n"
		"manifests/roles/redis.yaml:15:5: \"check\" does not go into \"steps\"\n"
		"manifests/roles/redis.yaml:16:10: id: \"b\" stands twice in this file\n"
		"manifests/roles/redis.yaml:16:19: unit: \"x.timer\" is not a name like "
		"keybuzz-redis.service\n"
		"manifests/roles/redis.yaml:16:34: from: payload/roles/redis/steps/none: there is "
		"no "
		"such file\n"
		"manifests/roles/redis.yaml:17:22: images: \"other\" is not in the \"images\" of "
		"this role\n"
		"manifests/roles/redis.yaml:18:35: to: path \"etc/x\": is not absolute\n"
		"manifests/roles/redis.yaml:18:48: mode: \"0666\" lets everyone write\n"
		"manifests/roles/redis.yaml:19:5: step: expected a map, found text\n"
		"manifests/roles/redis.yaml:21:5: \"directory\" does not go into \"checks\"\n"
		"manifests/roles/redis.yaml:22:41: watch: \"e\" is no step before this one in the "
		"same list\n"
		"manifests/roles/redis.yaml:23:11: failover: expected a list, found a map\n"
		"manifests/roles/redis.yaml:25:21: script: payload/roles/redis/steps: not a "
		"regular "
		"file\n"
		"manifests/roles/redis.yaml:25:34: args: expected a list, found x\n");
}

KB_TEST(owners_are_numbers)
{
	static const char *const bad[] = {
		"0",    "0:",           ":0",           "0:0:0",         "00:0",
		"-1:0", "4294967295:0", "0:4294967295", "99999999999:0", "0x1:0",
		"a:b",  "0 :0"};

	new_site();
	expect_role(ROLE "steps:\n  - {id: a, directory: /opt/x, owner: root:root}\n"
			 "  - {id: b, directory: /opt/x, owner: \"4294967294:1\"}\n",
		    "");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		kb_autofree char *text = kb_format(
			"%ssteps:\n  - {id: a, directory: /opt/x, owner: \"%s\"}\n", ROLE, bad[i]);
		kb_autofree char *wanted =
			kb_format("manifests/roles/redis.yaml:9:39: owner: \"%s\" is not "
				  "\"UID:GID\" in numbers\n",
				  bad[i]);

		expect_role(text, wanted);
	}
}

KB_TEST(e9_payload_is_regular_files_in_the_tree)
{
	static const char *const links[][2] = {
		{"/etc/passwd", "payload/roles/redis/link"},
		{"/etc", "payload/roles/redis/folder"},
		{"a.sh", "payload/roles/redis/steps/inside"},
	};
	kb_autofree char *fifo = NULL, *lib = NULL;

	new_site();
	for (size_t i = 0; i < 3; i++) {
		kb_autofree char *path = full_path(links[i][1]);

		assert_int_equal(symlink(links[i][0], path), 0);
	}
	fifo = full_path("payload/roles/redis/fifo");
	assert_int_equal(mkfifo(fifo, 0644), 0);
	expect_role(
		ROLE "files: [link, folder/passwd, steps/inside, fifo, steps/a.sh]\n",
		"manifests/roles/redis.yaml:8:9: files: payload/roles/redis/link: a symbolic "
		"link; put the file itself there\n"
		"manifests/roles/redis.yaml:8:15: files: payload/roles/redis/folder/passwd: a "
		"part of the path is not a folder, or is a symbolic link\n"
		"manifests/roles/redis.yaml:8:30: files: payload/roles/redis/steps/inside: a "
		"symbolic link; put the file itself there\n"
		"manifests/roles/redis.yaml:8:44: files: payload/roles/redis/fifo: not a regular "
		"file\n");
	lib = full_path("payload/lib/x");
	assert_int_equal(symlink("log.sh", lib), 0);
	expect_role(ROLE, "payload:0:0: lib/x: a symbolic link; put the file itself there\n");
}

static void expect_template(const char *text, const char *wanted)
{
	put("payload/roles/redis/t", text);
	expect_role(ROLE "steps:\n  - {id: t, template: t, to: /etc/t, mode: \"0640\"}\n", wanted);
}

KB_TEST(e8_every_documented_name_is_known)
{
	new_site();
	expect_template(
		"{{host.name}} {{host.address}} {{host.subrole}} {{host.stack}} {{host.fqdn}} "
		"{{host.pool}}\n"
		"{{#peers}}{{name}} {{address}} {{subrole}} {{index}} {{#self}}x{{/self}}"
		"{{^first}},{{/first}}{{^last}},{{/last}} {{host.name}} {{port}}{{/peers}}\n"
		"{{#others}}{{name}}{{/others}}{{^others}}alone{{/others}}\n"
		"{{#groups.my_lb}}{{name}} "
		"{{stack}}{{/groups.my_lb}}{{#groups.redis}}{{/groups.redis}}\n"
		"{{#stacks.redis_docker}}{{address}}{{/stacks.redis_docker}}\n"
		"{{site.product}} {{site.version}} {{site.channel}} {{site.network}}\n"
		"{{role.name}} {{role.version}} {{image.redis.id}} {{image.redis.reference}}\n"
		"{{credentials.REDIS_PASSWORD}} {{port}} {{region}}\n"
		"{{#list}}{{name}}{{/list}}\n",
		"");
}

KB_TEST(e8_undefined_names_are_reported_where_they_stand)
{
	new_site();
	expect_template(
		"{{hots.name}}\n  {{host.nmae}}\n{{#pears}}{{x}}{{/pears}}\n"
		"{{#peers}}\n  {{stock}} {{addres}}\n{{/peers}}\n{{^nothing}}{{/nothing}}\n"
		"{{credentials.POSTGRES_PASSWORD}}{{image.other.id}}{{groups.db}}\n"
		"{{#list}}{{name}} {{size}}{{/list}}\n{{peers}} {{host}}\n{{host.name.x}}\n",
		"payload/roles/redis/t:1:1: undefined name \"hots.name\"; did you mean "
		"\"host\"?\n"
		"payload/roles/redis/t:2:3: undefined name \"host.nmae\"; did you mean "
		"\"host.name\"?\n"
		"payload/roles/redis/t:3:1: undefined name \"pears\"; did you mean \"peers\"?\n"
		"payload/roles/redis/t:5:3: undefined name \"stock\"; did you mean \"stack\"?\n"
		"payload/roles/redis/t:5:13: undefined name \"addres\"; did you mean "
		"\"address\"?\n"
		"payload/roles/redis/t:7:1: undefined name \"nothing\"\n"
		"payload/roles/redis/t:8:1: undefined name \"credentials.POSTGRES_PASSWORD\"\n"
		"payload/roles/redis/t:8:34: undefined name \"image.other.id\"\n"
		"payload/roles/redis/t:8:52: undefined name \"groups.db\"\n"
		"payload/roles/redis/t:9:19: undefined name \"size\"; did you mean \"site\"?\n"
		"payload/roles/redis/t:10:1: \"peers\" is a list; only text can be inserted\n"
		"payload/roles/redis/t:10:11: \"host\" is a map; only text can be inserted\n"
		"payload/roles/redis/t:11:1: undefined name \"host.name.x\"\n");
}

KB_TEST(e8_partials_are_found_checked_and_finite)
{
	new_site();
	put("payload/roles/redis/templates/one", "{{name}} {{nme}}\n");
	put("payload/roles/redis/templates/loop", "x{{> again}}\n");
	put("payload/lib/again", "{{> loop}}\n");
	expect_template(
		"{{#peers}}{{> one}}{{/peers}}\n{{> one}}\n{{> loop}}\n{{> none}}\n"
		"{{> /x}}\n",
		"payload/lib/again:1:1: the partial \"loop\" includes itself\n"
		"payload/roles/redis/t:4:1: no partial \"none\": neither in "
		"roles/redis/templates nor in lib\n"
		"payload/roles/redis/t:5:1: no partial \"/x\": neither in "
		"roles/redis/templates nor in lib\n"
		"payload/roles/redis/templates/one:1:1: undefined name \"name\"\n"
		"payload/roles/redis/templates/one:1:10: undefined name \"nme\"; did you mean "
		"\"name\"?\n"
		"payload/roles/redis/templates/one:1:10: undefined name \"nme\"\n");
}

KB_TEST(e8_syntax_of_templates_is_checked)
{
	kb_autofree char *found = NULL;
	int code;

	new_site();
	put("payload/roles/redis/t", "ok\n{{#peers}}\n{{host.name\n");
	put("manifests/roles/redis.yaml", ROLE "steps:\n  - {id: t, template: t, to: /etc/t}\n");
	found = load(NULL, &code);
	assert_int_equal(code, KB_E_INVALID);
	assert_non_null(strstr(found, "payload/roles/redis/t:3:1: "));
}

KB_TEST(e8_values_with_line_ends_are_not_inserted_unasked)
{
	new_site();
	put("manifests/site.yaml", SITE "  many: \"a\\nb\"\n  code: $(reboot)\n");
	expect_template("{{many}} {{{many}}} {{code}}\n",
			"payload/roles/redis/t:1:1: the value of \"many\" has several lines; "
			"{{{many}}} allows them\n");
}

KB_TEST(k4_secrets_go_into_files_that_few_may_read)
{
	new_site();
	put("payload/roles/redis/t", "{{credentials.REDIS_PASSWORD}}\n");
	expect_role(ROLE "steps:\n  - {id: a, template: t, to: /etc/t, mode: \"0640\"}\n"
			 "  - {id: b, template: t, to: /etc/u}\n"
			 "  - {id: c, unit: x.service, from: t}\n",
		    "payload/roles/redis/t:1:1: \"credentials.REDIS_PASSWORD\" is secret, and "
		    "everyone may read the file this step writes; use a template step with mode "
		    "\"0640\" or less\n");
}

KB_TEST(k6_secrets_in_payload_are_refused)
{
	new_site();
	put("payload/roles/redis/a",
	    "x\n  -----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "export REDIS_PASSWORD=aB3dE6gH9jK2mN5pQ8sT\n"
	    "token: \"0123456789abcdef0123456789abcdef\"\n"
	    "AKIAIOSFODNN7EXAMPLE ghp_0123456789012345678901234567890123\n");
	put("payload/roles/redis/b",
	    "-----BEGIN CERTIFICATE-----\npassword=$REDIS_PASSWORD\npassword: {{credentials.X}}\n"
	    "TOKEN_FILE=/var/lib/rancher/k3s/server/node-token\n"
	    "secret=\nrequirepass {{x}}\nkey=0123\ngit rev 0123456789abcdef0123456789abcdef\n"
	    "# the password: see the file of credentials\n");
	put("payload/roles/redis/c.env",
	    "USER=redis\nREDIS_PASSWORD=correct horse\nX_TOKEN={{x}}\n");
	put("payload/roles/redis/d.key", "x\n");
	expect_role(
		ROLE "files: [a, b, c.env, d.key]\n",
		"payload/roles/redis/a:2:3: looks like a private key; a bundle carries no "
		"secrets, see \"credentials\"\n"
		"payload/roles/redis/a:3:23: looks like the value of a secret; a bundle carries "
		"no secrets, see \"credentials\"\n"
		"payload/roles/redis/a:4:9: looks like the value of a secret; a bundle carries "
		"no secrets, see \"credentials\"\n"
		"payload/roles/redis/a:5:1: looks like an access token; a bundle carries no "
		"secrets, see \"credentials\"\n"
		"payload/roles/redis/c.env:2:16: looks like the value of a secret; a bundle "
		"carries no secrets, see \"credentials\"\n"
		"payload/roles/redis/d.key:0:0: a file of secrets, by its name; a bundle "
		"carries no secrets\n");
}

KB_TEST(k6_secrets_in_manifests_are_refused)
{
	new_site();
	put("manifests/site.yaml", SITE "  redis_password: aB3dE6gH9jK2mN5pQ8sT\n");
	expect("manifests/site.yaml:16:19: looks like the value of a secret; a bundle carries no "
	       "secrets, see \"credentials\"\n");
}

KB_TEST(l6_scripts_can_be_started)
{
	new_site();
	put("payload/roles/redis/steps/b.sh", "#!/bin/bash\n");
	put("payload/roles/redis/steps/c.sh", "#!/bin/sh\r\nx\r\n");
	put("payload/roles/redis/steps/d.sh", "");
	put_n("payload/roles/redis/steps/e.sh", "#!/bin/sh\nab\0c\n", 15);
	put("payload/lib/log.sh", "log() {\r\n}\n");
	expect_role(
		ROLE "steps:\n  - {id: b, script: steps/b.sh}\n  - {id: c, wait: steps/c.sh}\n"
		     "  - {id: d, script: steps/d.sh}\nchecks:\n  - {id: e, check: steps/e.sh}\n",
		"payload/lib/log.sh:1:8: carriage return in a script; save it with LF line ends\n"
		"payload/roles/redis/steps/b.sh:1:1: a script begins with the line #!/bin/sh\n"
		"payload/roles/redis/steps/c.sh:1:10: carriage return in a script; save it with "
		"LF line ends\n"
		"payload/roles/redis/steps/d.sh:1:1: a script begins with the line #!/bin/sh\n"
		"payload/roles/redis/steps/e.sh:2:3: NUL byte in a script\n");
}

KB_TEST(limits_of_a_bundle_are_known_before_it_is_built)
{
	kb_autobuf struct kb_buf text = KB_BUF_INIT;

	new_site();
	put("payload/lib/LOG.sh", "");
	kb_buf_puts(&text, ROLE "ports: [1");
	for (int i = 2; i <= 257; i++)
		kb_buf_printf(&text, ", %d", i);
	kb_buf_puts(&text, "]\nsteps:\n  - {id: a, script: steps/a.sh, args: [1");
	for (int i = 2; i <= 257; i++)
		kb_buf_printf(&text, ", %d", i);
	kb_buf_puts(&text, "]}\n");
	expect_role(text.data, "manifests/roles/redis.yaml:0:0: ports: 257, at most 256\n"
			       "manifests/roles/redis.yaml:0:0: step a: a list of more than 256\n"
			       "manifests/roles/redis.yaml:0:0: files: paths "
			       "\"lib/LOG.sh\" and \"lib/log.sh\": they differ in upper and "
			       "lower case only\n");
}

KB_TEST(all_files_are_reported_in_one_run)
{
	new_site();
	put("manifests/site.yaml", SITE "x: 1\n");
	put("manifests/images.yaml", IMAGES "y: 1\n");
	put("manifests/roles/a.yaml", "[\n");
	expect_role(
		ROLE STEPS "z: 1\n",
		"manifests/images.yaml:7:1: unknown key \"y\"\n"
		"manifests/roles/a.yaml:2:1: did not find expected node content (while parsing a "
		"flow node)\n"
		"manifests/roles/redis.yaml:10:1: unknown key \"z\"\n"
		"manifests/site.yaml:16:1: unknown key \"x\"\n");
}

/* ---- packages.yaml ---- */

#define RELEASES                                                                     \
	"releases:\n  debian-12: {suite: bookworm}\n  debian-13: {suite: trixie}\n"  \
	"  ubuntu-24.04: {suite: noble, mirror: http://archive.ubuntu.com/ubuntu,\n" \
	"    keyring: /k/u.gpg, components: [main, universe], declared: true}\n"
#define GROUPS                                                                       \
	"groups:\n  tools: {debian-12: [xfsprogs, jq], debian-13: [jq, xfsprogs]}\n" \
	"  engine: {debian-12: [docker.io], debian-13: [docker.io, docker-cli]}\n"
#define PACKAGES_STEP "steps:\n  - {id: p, packages: [tools, engine]}\n"

KB_TEST(groups_become_the_names_of_accepted_releases)
{
	static const char *const wanted[] = {
		"debian-12/docker.io", "debian-12/jq", "debian-12/xfsprogs", "debian-13/docker-cli",
		"debian-13/docker.io", "debian-13/jq", "debian-13/xfsprogs"};
	kb_autofree char *found = NULL;
	const struct kb_role *role;
	struct kb_site *site;
	int code;

	new_site();
	put("manifests/packages.yaml", RELEASES GROUPS);
	put("manifests/roles/redis.yaml", ROLE PACKAGES_STEP);
	found = load(&site, &code);
	assert_string_equal(found, "");
	assert_int_equal(site->packages->n_releases, 3);
	assert_true(site->packages->releases[1].accepted);
	assert_false(site->packages->releases[2].accepted);
	assert_true(site->packages->releases[2].declared);
	assert_string_equal(site->packages->releases[0].mirror, "http://deb.debian.org/debian");
	role = kb_site_role(site, "redis");
	assert_int_equal(role->groups.n, 2);
	assert_string_equal(role->groups.v[0], "engine");
	assert_int_equal(role->steps[0].n_args, sizeof(wanted) / sizeof(wanted[0]));
	for (size_t i = 0; i < role->steps[0].n_args; i++)
		assert_string_equal(role->steps[0].args[i], wanted[i]);
	kb_site_free(site);
}

KB_TEST(groups_of_a_role_exist_for_every_release)
{
	new_site();
	put("manifests/packages.yaml",
	    RELEASES "groups:\n  tools: {debian-13: [jq]}\n  other: {debian-12: [jq], "
		     "debian-13: [jq]}\n");
	expect_role(ROLE "steps:\n  - {id: p, packages: [tols, tools]}\n",
		    "manifests/roles/redis.yaml:9:24: packages: packages.yaml has no group "
		    "\"tols\"; did you mean \"tools\"?\n"
		    "manifests/roles/redis.yaml:9:30: packages: group \"tools\" has no names for "
		    "debian-12, which site.yaml's \"os\" accepts\n");
	put("manifests/packages.yaml", "releases:\n  debian-11: {suite: bullseye}\n"
				       "groups:\n  tools: {debian-11: [jq]}\n");
	expect_role(ROLE "steps:\n  - {id: p, packages: [tools]}\n",
		    "manifests/roles/redis.yaml:9:23: packages: packages.yaml has no release that "
		    "site.yaml's \"os\" accepts\n");
}

KB_TEST(packages_without_their_file_are_unknown_groups)
{
	new_site();
	expect_role(
		ROLE "steps:\n  - {id: p, packages: [jq]}\n",
		"manifests/roles/redis.yaml:9:24: packages: packages.yaml has no group \"jq\"\n");
}

KB_TEST(words_of_packages_yaml_are_judged)
{
	new_site();
	put("manifests/packages.yaml",
	    "releases:\n  debian13: {suite: Trixie}\n  debian-13: {suit: trixie}\n"
	    "  debian-12: {suite: bookworm, keyring: k.gpg, components: [-main], extra: 1}\n"
	    "groups:\n  Tools: {debian-12: [--purge], debian-14: [jq], debian-13: []}\n");
	expect("manifests/packages.yaml:2:3: \"debian13\" is not a release like debian-13: ID and "
	       "VERSION_ID of os-release\n"
	       "manifests/packages.yaml:2:21: suite: \"Trixie\" is not a suite like trixie\n"
	       "manifests/packages.yaml:3:14: the key \"suite\" is missing\n"
	       "manifests/packages.yaml:3:15: unknown key \"suit\"; did you mean \"suite\"?\n"
	       "manifests/packages.yaml:4:41: keyring: \"k.gpg\" is not an absolute path of a "
	       "keyring\n"
	       "manifests/packages.yaml:4:61: components: \"-main\" is not a component like main\n"
	       "manifests/packages.yaml:4:69: unknown key \"extra\"\n"
	       "manifests/packages.yaml:6:3: \"Tools\" is not a name; use a-z, 0-9 and -\n"
	       "manifests/packages.yaml:6:23: debian-12: \"--purge\" is not a package name\n"
	       "manifests/packages.yaml:6:33: \"releases\" has no \"debian-14\"; did you mean "
	       "\"debian-12\"?\n"
	       "manifests/packages.yaml:6:61: debian-13: the list is empty\n");
}
