/* builder/site.c: the model of a whole site, its settings, hosts and credentials.
 * E, K and L numbers here and in the tests of roles, images and lint are those of
 * the list of hostile inputs. */
#include "tests/unit/small_site.h"

#include <stdlib.h>
#include <string.h>

#include "builder/packages.h"
#include "builder/site_settings.h"
#include "core/mem.h"

KB_TEST(a_good_site_becomes_a_model)
{
	kb_autofree char *found = NULL;
	const struct kb_role *role;
	const struct kb_step *s;
	struct kb_site *site;
	int code;

	site_new();
	site_put("manifests/roles/redis.yaml", GOOD_ROLE
		 "ports: [26379, 6379]\nmemory: 512\nengine: docker\nhosts: {min: 2}\n"
		 "files: [extra/x]\n" GOOD_STEPS "  - {id: conf, template: t/redis.conf, to: "
		 "/etc/redis.conf, mode: \"0640\", keep: true}\n"
		 "  - {id: load, images: [redis]}\n"
		 "  - {id: unit, unit: keybuzz-redis.service, from: t/unit, watch: [conf, load]}\n"
		 "  - {id: ready, wait: lib/ready.sh, timeout: 5m, pending: true, args: [a, b c]}\n"
		 "  - {id: more, script: steps/a.sh, always: true, watch: [unit], network: local}\n"
		 "checks:\n  - {id: health, check: steps/a.sh, network: local}\n");
	site_put("payload/lib/ready.sh", "#!/bin/sh\n");
	site_put("payload/lib/sub/b", "b\n");
	site_put("payload/roles/redis/extra/x", "x\n");
	site_put("payload/roles/redis/t/redis.conf",
		 "port {{port}}\npass {{credentials.REDIS_PASSWORD}}\n{{> more}}\n");
	site_put("payload/roles/redis/t/unit", "{{image.redis.id}} {{host.name}}\n");
	site_put("payload/roles/redis/templates/more", "{{region}}\n");
	found = site_read(&site, &code);
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
	assert_int_equal(s[5].flags, KB_STEP_ALWAYS | KB_STEP_NETWORK);
	assert_int_equal(s[6].phase, KB_PHASE_CHECK);
	assert_int_equal(s[6].flags, KB_STEP_NETWORK);
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
	site_new_empty();
	site_expect("manifests:0:0: roles: there is no such file\n"
		    "manifests/images.yaml:0:0: images.yaml: there is no such file\n"
		    "manifests/site.yaml:0:0: site.yaml: there is no such file\n");
}

KB_TEST(e1_names_are_judged)
{
	static const char *const bad[] = {"\"a/b\"",  "\"..\"", "\"a b\"", "\"$(id)\"",
					  "\"`id`\"", "-x",     "É"};
	kb_autobuf struct kb_buf text = KB_BUF_INIT;

	site_new();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		kb_autofree char *found = NULL, *site = NULL;
		int code;

		site = kb_format("product: %s\nversion: %s\nchannel: %s\n%s", bad[i], bad[i],
				 bad[i], strstr(GOOD_SITE, "epoch"));
		site_put("manifests/site.yaml", site);
		found = site_read(NULL, &code);
		assert_int_equal(code, KB_E_INVALID);
		assert_non_null(strstr(found, "manifests/site.yaml:1:10: product: \""));
		assert_non_null(strstr(found, "manifests/site.yaml:2:10: version: \""));
		assert_non_null(strstr(found, "manifests/site.yaml:3:10: channel: \""));
	}
	kb_buf_puts(&text, "product: \"a\\nb\"\nversion: ");
	for (int i = 0; i < 10240; i++)
		kb_buf_putc(&text, '1');
	kb_buf_printf(&text, "\nchannel: stable\n%s", strstr(GOOD_SITE, "epoch"));
	site_put("manifests/site.yaml", text.data);
	site_expect("manifests/site.yaml:1:10: product: a line end or tab in the text\n"
		    "manifests/site.yaml:2:10: version: 10240 bytes, at most 4096\n");
}

/* Found by fuzzing: comparing them did not end. */
KB_TEST(e7_two_ranges_of_one_system_that_are_no_versions)
{
	site_new();
	site_put("manifests/site.yaml",
		 "product: keybuzz\nversion: \"1.0.0\"\nchannel: stable\nepoch: 1\n"
		 "counter: 2\narch: x86_64\nnetwork: 10.0.0.0/16\n"
		 "mirror: http://deb.debian.org/debian\nos:\n"
		 "  - {id: debian, min: bookworm, max: \"13\"}\n"
		 "  - {id: debian, min: bookworm, max: \"13\"}\n"
		 "variables:\n  region: no\n  list:\n"
		 "    - {name: a, size: 1}\n    - {name: b}\n");
	site_expect("manifests/site.yaml:10:23: min: \"bookworm\" is not a version like 12\n"
		    "manifests/site.yaml:11:23: min: \"bookworm\" is not a version like 12\n");
	assert_true(kb_site_settings_version_cmp("9", "12") < 0);
	assert_true(kb_site_settings_version_cmp("22.04", "22.10") < 0);
	assert_int_equal(kb_site_settings_version_cmp("12", "12.0"), 0);
	assert_true(kb_site_settings_version_cmp("12-a", "12-b") < 0);
}

KB_TEST(e6_e7_keys_of_site_yaml_are_typed)
{
	site_new();
	site_put("manifests/site.yaml",
		 "product: [keybuzz]\nversion: 1.0.0\nchanel: stable\nepoch: -1\ncounter: \"1\"\n"
		 "arch: no\nnetwork: 10.0.0.1/16\nos: []\nnot_before: 2026-02-30\nnot_after: yes\n"
		 "credentials: none\ninventory: ../servers.tsv\nvariables: {host: 1, x-y: 2}\n");
	site_expect("manifests/site.yaml:1:1: the key \"channel\" is missing\n"
		    "manifests/site.yaml:1:10: product: expected text, found a list\n"
		    "manifests/site.yaml:3:1: unknown key \"chanel\"; did you mean \"channel\"?\n"
		    "manifests/site.yaml:4:8: epoch: expected a number from 0 to 9007199254740991, "
		    "found -1\n"
		    "manifests/site.yaml:5:10: counter: expected a number from 0 to "
		    "9007199254740991, found the quoted text \"1\"\n"
		    "manifests/site.yaml:6:7: arch: \"no\" is not x86_64 or aarch64\n"
		    "manifests/site.yaml:7:10: network: \"10.0.0.1/16\" is not a network like "
		    "10.0.0.0/16\n"
		    "manifests/site.yaml:8:5: os: the list is empty\n"
		    "manifests/site.yaml:9:13: not_before: \"2026-02-30\" is not a day like "
		    "2026-01-31\n"
		    "manifests/site.yaml:10:12: not_after: \"yes\" is not a day like 2026-01-31\n"
		    "manifests/site.yaml:11:14: credentials: \"none\" is not least or journal\n"
		    "manifests/site.yaml:12:12: inventory: \"../servers.tsv\" is not a path below "
		    "the site\n"
		    "manifests/site.yaml:13:13: \"host\" is no name for a variable: templates have "
		    "it already\n"
		    "manifests/site.yaml:13:22: \"x-y\" cannot be named in a template; use "
		    "letters, digits and _\n");
}

KB_TEST(a_day_is_read_in_utc)
{
	kb_autofree char *found = NULL;
	struct kb_site *site;
	int code;

	site_new();
	site_put("manifests/site.yaml",
		 GOOD_SITE "not_before: 2026-01-31\nnot_after: 2028-02-29\n");
	found = site_read(&site, &code);
	assert_string_equal(found, "");
	assert_int_equal(site->not_before, 1769817600);
	assert_int_equal(site->not_after, 1835481599);
	kb_site_free(site);
	site_put("manifests/site.yaml",
		 GOOD_SITE "not_before: 2026-01-31\nnot_after: 2026-01-30\n");
	site_expect("manifests/site.yaml:1:1: \"not_after\" is before \"not_before\"\n");
}

KB_TEST(addresses_lie_in_the_network_and_are_no_vip)
{
	site_new();
	site_put("manifests/site.yaml",
		 GOOD_SITE "  redis_vip: 10.0.0.2\n  vips: {lb: [10.0.0.9]}\n");
	site_put("manifests/servers.tsv", GOOD_COLUMNS GOOD_HOST("redis-01", "10.1.0.1", "redis")
						  GOOD_HOST("redis-02", "10.0.0.2", "redis")
							  GOOD_HOST("lb-01", "10.0.0.9", "my-lb"));
	site_expect("manifests/servers.tsv:2:16: redis-01: address 10.1.0.1 is not in the network "
		    "10.0.0.0/16\n"
		    "manifests/servers.tsv:3:16: redis-02: address 10.0.0.2 is the virtual one of "
		    "\"redis_vip\"\n"
		    "manifests/servers.tsv:4:13: lb-01: address 10.0.0.9 is the virtual one of "
		    "\"lb\"\n");
}

KB_TEST(credentials_say_how_they_are_made)
{
	site_new();
	site_put("manifests/credentials.yaml",
		 "credentials:\n  redis:\n    REDIS_PASSWORD: {secret: 8}\n    redis_user: {value: "
		 "kb}\n"
		 "    A: {value: \"a b\"}\n    B: {value: a, secret: 32}\n    C: {}\n"
		 "    D: {verifier: E}\n    F: {verifier: A}\n    G: {hex: 3}\n  Mod: {}\n");
	site_expect(
		"manifests/credentials.yaml:3:30: secret: expected a number from 24 to 128, found "
		"8\n"
		"manifests/credentials.yaml:4:5: \"redis_user\" is not a name like REDIS_PASSWORD\n"
		"manifests/credentials.yaml:5:16: value: \"a b\" is not a default of letters, "
		"digits and ._:/@+,-\n"
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

KB_TEST(all_files_are_reported_in_one_run)
{
	site_new();
	site_put("manifests/site.yaml", GOOD_SITE "x: 1\n");
	site_put("manifests/images.yaml", GOOD_IMAGES "y: 1\n");
	site_put("manifests/roles/a.yaml", "[\n");
	site_expect_role(GOOD_ROLE GOOD_STEPS "z: 1\n",
			 "manifests/images.yaml:7:1: unknown key \"y\"\n"
			 "manifests/roles/a.yaml:2:1: did not find expected node content (while "
			 "parsing a flow node)\n"
			 "manifests/roles/redis.yaml:10:1: unknown key \"z\"\n"
			 "manifests/site.yaml:16:1: unknown key \"x\"\n");
}
