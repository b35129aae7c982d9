/* builder/role*.c: what a role may say of its hosts, its files and its steps. */
#include "tests/unit/small_site.h"

#include <stdlib.h>

#include "core/mem.h"

KB_TEST(e1_a_role_is_called_like_its_file)
{
	site_new();
	site_put("manifests/roles/Bad name.yaml", "role: x\n");
	site_put("manifests/roles/other.yaml", "role: redis\nsummary: x\nselect: {}\n");
	site_put("manifests/roles/redis.yml", "");
	site_put("manifests/roles/.redis.yaml.swp", "");
	site_expect("manifests/roles/Bad name.yaml:0:0: \"Bad name\" is not a role's name; use "
		    "a-z, 0-9 and -\n"
		    "manifests/roles/other.yaml:1:7: role: \"redis\" in the file other.yaml\n"
		    "manifests/roles/redis.yml:0:0: not a role: the name of a role's file ends in "
		    ".yaml\n");
}

KB_TEST(e11_numbers_of_a_role_are_bounded)
{
	site_new();
	site_expect_role(
		GOOD_ROLE "ports: [0, 65536, -1, 1e3, 80, 80]\nmemory: 2147483648\n"
			  "hosts: {min: 3, odd: yes}\n",
		"manifests/roles/redis.yaml:8:9: ports: expected a number from 1 to 65535, found "
		"0\n"
		"manifests/roles/redis.yaml:8:12: ports: expected a number from 1 to 65535, found "
		"65536\n"
		"manifests/roles/redis.yaml:8:19: ports: expected a number from 1 to 65535, found "
		"-1\n"
		"manifests/roles/redis.yaml:8:23: ports: expected a number from 1 to 65535, found "
		"1e3\n"
		"manifests/roles/redis.yaml:8:32: ports: 80 stands twice\n"
		"manifests/roles/redis.yaml:9:9: memory: expected a number from 1 to 16777216, "
		"found 2147483648\n"
		"manifests/roles/redis.yaml:10:8: hosts: 2 of servers.tsv match \"select\", at "
		"least 3 are needed\n"
		"manifests/roles/redis.yaml:10:22: odd: expected true or false, found yes\n");
	site_expect_role(GOOD_ROLE "hosts: {min: 2, odd: true}\n",
			 "manifests/roles/redis.yaml:8:8: hosts: 2 of servers.tsv match "
			 "\"select\", an odd number is needed\n");
}

KB_TEST(references_of_a_role_exist)
{
	site_new();
	site_put("manifests/credentials.yaml",
		 GOOD_CREDENTIALS "    A: {value: a}\n    B: {value: b}\n");
	site_expect_role(
		"role: redis\nsummary: x\nselect: {role: Redis, rol: x}\nengine: podman\n"
		"images: [rdis]\nfiles: [none, ../../etc/passwd, /etc/passwd]\n"
		"credentials: {Redis: [A], redis: [REDIS_PASWORD, A, B, A]}\n",
		"manifests/roles/redis.yaml:3:16: role: \"Redis\" is not a ROLE\n"
		"manifests/roles/redis.yaml:3:23: unknown key \"rol\"; did you mean \"role\"?\n"
		"manifests/roles/redis.yaml:4:9: engine: \"podman\" is not docker\n"
		"manifests/roles/redis.yaml:5:10: images: images.yaml has no \"rdis\"; did you "
		"mean \"redis\"?\n"
		"manifests/roles/redis.yaml:6:9: files: payload/roles/redis/none: there is no such "
		"file\n"
		"manifests/roles/redis.yaml:6:15: files: path \"../../etc/passwd\": has the "
		"component \"..\"\n"
		"manifests/roles/redis.yaml:6:33: files: path \"/etc/passwd\": is absolute\n"
		"manifests/roles/redis.yaml:7:15: credentials: credentials.yaml has no \"Redis\"\n"
		"manifests/roles/redis.yaml:7:35: redis: credentials.yaml has no "
		"\"REDIS_PASWORD\"; did you mean \"REDIS_PASSWORD\"?\n"
		"manifests/roles/redis.yaml:7:56: redis: \"A\" stands twice\n");
}

KB_TEST(a_role_is_given_what_it_names_or_the_whole_file)
{
	struct kb_site *site = NULL;
	int code;

	site_new();
	site_put("manifests/credentials.yaml",
		 GOOD_CREDENTIALS "    A: {value: a}\n  other: {B: {value: b}}\n");
	free(site_read(&site, &code));
	assert_int_equal(code, 0);
	assert_int_equal(site->roles[0].n_credentials, 1);
	assert_int_equal(site->roles[0].credentials[0].length, 32);
	kb_site_free(site);
	site_put("manifests/site.yaml", GOOD_SITE "credentials: journal\n");
	free(site_read(&site, &code));
	assert_int_equal(code, 0);
	assert_int_equal(site->roles[0].n_credentials, 2);
	assert_string_equal(site->roles[0].credentials[0].variable, "A");
	kb_site_free(site);
}

KB_TEST(the_network_of_a_step_is_local_or_none)
{
	site_new();
	site_expect_role(
		GOOD_ROLE "steps:\n"
			  "  - {id: a, script: steps/a.sh, network: host}\n"
			  "  - {id: b, wait: steps/a.sh, network: true}\n"
			  "  - {id: c, script: steps/a.sh, network: [local]}\n"
			  "  - {id: d, directory: /opt/x, network: local}\n"
			  "  - {id: e, script: steps/a.sh, netwrok: local}\n",
		"manifests/roles/redis.yaml:9:42: network: \"host\" is not \"local\"; without the "
		"key a step has none\n"
		"manifests/roles/redis.yaml:10:40: network: \"true\" is not \"local\"; without the "
		"key a step has none\n"
		"manifests/roles/redis.yaml:11:42: network: expected text, found a list\n"
		"manifests/roles/redis.yaml:12:41: \"network\" does not go with \"directory\"\n"
		"manifests/roles/redis.yaml:13:33: unknown key \"netwrok\"; did you mean "
		"\"network\"?\n");
}

/* L8 among them: a step that watches one that comes later. */
KB_TEST(steps_are_judged_by_their_kind)
{
	site_new();
	site_expect_role(
		GOOD_ROLE "steps:\n"
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
		"installed in /proc\n"
		"manifests/roles/redis.yaml:9:39: \"keep\" does not go with \"directory\"\n"
		"manifests/roles/redis.yaml:10:5: a step needs a kind: directory, file, template, "
		"unit, images, script, wait, check, packages or volume\n"
		"manifests/roles/redis.yaml:11:13: unknown key \"directry\"; did you mean "
		"\"directory\"?\n"
		"manifests/roles/redis.yaml:12:38: a step has one kind; this one has \"directory\" "
		"and \"file\"\n"
		"manifests/roles/redis.yaml:13:5: the key \"id\" is missing\n"
		"manifests/roles/redis.yaml:13:31: mode: expected four octal digits in quotes, "
		"like \"0640\", found 0755\n"
		"manifests/roles/redis.yaml:13:44: owner: \"redis\" is not \"UID:GID\" in numbers\n"
		"manifests/roles/redis.yaml:14:41: watch: \"later\" is no step before this one in "
		"the same list\n"
		"manifests/roles/redis.yaml:14:61: timeout: expected a duration like 90, 90s, 5m "
		"or 1h, at most 86400s, found 0\n"
		"manifests/roles/redis.yaml:15:5: \"check\" does not go into \"steps\"\n"
		"manifests/roles/redis.yaml:16:10: id: \"b\" stands twice in this file\n"
		"manifests/roles/redis.yaml:16:19: unit: \"x.timer\" is not a name like "
		"keybuzz-redis.service\n"
		"manifests/roles/redis.yaml:16:34: from: payload/roles/redis/steps/none: there is "
		"no such file\n"
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
		"regular file\n"
		"manifests/roles/redis.yaml:25:34: args: expected a list, found x\n");
}

KB_TEST(owners_are_numbers)
{
	static const char *const bad[] = {
		"0",    "0:",           ":0",           "0:0:0",         "00:0",
		"-1:0", "4294967295:0", "0:4294967295", "99999999999:0", "0x1:0",
		"a:b",  "0 :0"};

	site_new();
	site_expect_role(GOOD_ROLE "steps:\n  - {id: a, directory: /opt/x, owner: root:root}\n"
				   "  - {id: b, directory: /opt/x, owner: \"4294967294:1\"}\n",
			 "");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		kb_autofree char *text =
			kb_format("%ssteps:\n  - {id: a, directory: /opt/x, owner: \"%s\"}\n",
				  GOOD_ROLE, bad[i]);
		kb_autofree char *wanted = kb_format("manifests/roles/redis.yaml:9:39: owner: "
						     "\"%s\" is not \"UID:GID\" in numbers\n",
						     bad[i]);

		site_expect_role(text, wanted);
	}
}

KB_TEST(limits_of_a_bundle_are_known_before_it_is_built)
{
	kb_autobuf struct kb_buf text = KB_BUF_INIT;

	site_new();
	site_put("payload/lib/LOG.sh", "");
	kb_buf_puts(&text, GOOD_ROLE "ports: [1");
	for (int i = 2; i <= 257; i++)
		kb_buf_printf(&text, ", %d", i);
	kb_buf_puts(&text, "]\nsteps:\n  - {id: a, script: steps/a.sh, args: [1");
	for (int i = 2; i <= 257; i++)
		kb_buf_printf(&text, ", %d", i);
	kb_buf_puts(&text, "]}\n");
	site_expect_role(text.data,
			 "manifests/roles/redis.yaml:0:0: ports: 257, at most 256\n"
			 "manifests/roles/redis.yaml:0:0: step a: a list of more than 256\n"
			 "manifests/roles/redis.yaml:0:0: files: paths \"lib/LOG.sh\" and "
			 "\"lib/log.sh\": they differ in upper and lower case only\n");
}
