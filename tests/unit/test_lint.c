/* builder/lint*.c: the payload of a site, its templates, scripts and secrets. */
#include "tests/unit/small_site.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/mem.h"

KB_TEST(e9_payload_is_regular_files_in_the_tree)
{
	static const char *const links[][2] = {
		{"/etc/passwd", "payload/roles/redis/link"},
		{"/etc", "payload/roles/redis/folder"},
		{"a.sh", "payload/roles/redis/steps/inside"},
	};
	kb_autofree char *fifo = NULL, *lib = NULL;

	site_new();
	for (size_t i = 0; i < 3; i++) {
		kb_autofree char *path = site_path(links[i][1]);

		assert_int_equal(symlink(links[i][0], path), 0);
	}
	fifo = site_path("payload/roles/redis/fifo");
	assert_int_equal(mkfifo(fifo, 0644), 0);
	site_expect_role(
		GOOD_ROLE "files: [link, folder/passwd, steps/inside, fifo, steps/a.sh]\n",
		"manifests/roles/redis.yaml:8:9: files: payload/roles/redis/link: a symbolic link; "
		"put the file itself there\n"
		"manifests/roles/redis.yaml:8:15: files: payload/roles/redis/folder/passwd: a part "
		"of the path is not a folder, or is a symbolic link\n"
		"manifests/roles/redis.yaml:8:30: files: payload/roles/redis/steps/inside: a "
		"symbolic link; put the file itself there\n"
		"manifests/roles/redis.yaml:8:44: files: payload/roles/redis/fifo: not a regular "
		"file\n");
	lib = site_path("payload/lib/x");
	assert_int_equal(symlink("log.sh", lib), 0);
	site_expect_role(GOOD_ROLE,
			 "payload:0:0: lib/x: a symbolic link; put the file itself there\n");
}

static void expect_template(const char *text, const char *wanted)
{
	site_put("payload/roles/redis/t", text);
	site_expect_role(GOOD_ROLE "steps:\n  - {id: t, template: t, to: /etc/t, mode: \"0640\"}\n",
			 wanted);
}

KB_TEST(e8_every_documented_name_is_known)
{
	site_new();
	expect_template(
		"{{host.name}} {{host.address}} {{host.subrole}} {{host.stack}} {{host.fqdn}} "
		"{{host.pool}}\n"
		"{{#peers}}{{name}} {{address}} {{subrole}} {{index}} "
		"{{#self}}x{{/self}}{{^first}},{{/first}}{{^last}},{{/last}} {{host.name}} "
		"{{port}}{{/peers}}\n"
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
	site_new();
	expect_template(
		"{{hots.name}}\n  {{host.nmae}}\n{{#pears}}{{x}}{{/pears}}\n"
		"{{#peers}}\n  {{stock}} {{addres}}\n{{/peers}}\n{{^nothing}}{{/nothing}}\n"
		"{{credentials.POSTGRES_PASSWORD}}{{image.other.id}}{{groups.db}}\n"
		"{{#list}}{{name}} {{size}}{{/list}}\n{{peers}} {{host}}\n{{host.name.x}}\n",
		"payload/roles/redis/t:1:1: undefined name \"hots.name\"; did you mean \"host\"?\n"
		"payload/roles/redis/t:2:3: undefined name \"host.nmae\"; did you mean "
		"\"host.name\"?\n"
		"payload/roles/redis/t:3:1: undefined name \"pears\"; did you mean \"peers\"?\n"
		"payload/roles/redis/t:5:3: undefined name \"stock\"; did you mean \"stack\"?\n"
		"payload/roles/redis/t:5:13: undefined name \"addres\"; did you mean \"address\"?\n"
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
	site_new();
	site_put("payload/roles/redis/templates/one", "{{name}} {{nme}}\n");
	site_put("payload/roles/redis/templates/loop", "x{{> again}}\n");
	site_put("payload/lib/again", "{{> loop}}\n");
	expect_template("{{#peers}}{{> one}}{{/peers}}\n{{> one}}\n{{> loop}}\n{{> none}}\n"
			"{{> /x}}\n",
			"payload/lib/again:1:1: the partial \"loop\" includes itself\n"
			"payload/roles/redis/t:4:1: no partial \"none\": neither in "
			"roles/redis/templates nor in lib\n"
			"payload/roles/redis/t:5:1: no partial \"/x\": neither in "
			"roles/redis/templates nor in lib\n"
			"payload/roles/redis/templates/one:1:1: undefined name \"name\"\n"
			"payload/roles/redis/templates/one:1:10: undefined name \"nme\"; did you "
			"mean \"name\"?\n"
			"payload/roles/redis/templates/one:1:10: undefined name \"nme\"\n");
}

KB_TEST(e8_syntax_of_templates_is_checked)
{
	kb_autofree char *found = NULL;
	int code;

	site_new();
	site_put("payload/roles/redis/t", "ok\n{{#peers}}\n{{host.name\n");
	site_put("manifests/roles/redis.yaml",
		 GOOD_ROLE "steps:\n  - {id: t, template: t, to: /etc/t}\n");
	found = site_read(NULL, &code);
	assert_int_equal(code, KB_E_INVALID);
	assert_non_null(strstr(found, "payload/roles/redis/t:3:1: "));
}

KB_TEST(e8_values_with_line_ends_are_not_inserted_unasked)
{
	site_new();
	site_put("manifests/site.yaml", GOOD_SITE "  many: \"a\\nb\"\n  code: $(reboot)\n");
	expect_template("{{many}} {{{many}}} {{code}}\n",
			"payload/roles/redis/t:1:1: the value of \"many\" has several lines; "
			"{{{many}}} allows them\n");
}

KB_TEST(k4_secrets_go_into_files_that_few_may_read)
{
	site_new();
	site_put("payload/roles/redis/t", "{{credentials.REDIS_PASSWORD}}\n");
	site_expect_role(GOOD_ROLE "steps:\n  - {id: a, template: t, to: /etc/t, mode: \"0640\"}\n"
				   "  - {id: b, template: t, to: /etc/u}\n"
				   "  - {id: c, unit: x.service, from: t}\n",
			 "payload/roles/redis/t:1:1: \"credentials.REDIS_PASSWORD\" is secret, and "
			 "everyone may read the file this step writes; use a template step with "
			 "mode \"0640\" or less\n");
}

KB_TEST(k6_secrets_in_payload_are_refused)
{
	site_new();
	site_put("payload/roles/redis/a",
		 "x\n  -----BEGIN OPENSSH PRIVATE KEY-----\n"
		 "export REDIS_PASSWORD=aB3dE6gH9jK2mN5pQ8sT\n"
		 "token: \"0123456789abcdef0123456789abcdef\"\n"
		 "AKIAIOSFODNN7EXAMPLE ghp_0123456789012345678901234567890123\n");
	site_put("payload/roles/redis/b",
		 "-----BEGIN CERTIFICATE-----\npassword=$REDIS_PASSWORD\npassword: "
		 "{{credentials.X}}\n"
		 "TOKEN_FILE=/var/lib/rancher/k3s/server/node-token\n"
		 "secret=\nrequirepass {{x}}\nkey=0123\ngit rev 0123456789abcdef0123456789abcdef\n"
		 "# the password: see the file of credentials\n");
	site_put("payload/roles/redis/c.env",
		 "USER=redis\nREDIS_PASSWORD=correct horse\nX_TOKEN={{x}}\n");
	site_put("payload/roles/redis/d.key", "x\n");
	site_expect_role(GOOD_ROLE "files: [a, b, c.env, d.key]\n",
			 "payload/roles/redis/a:2:3: looks like a private key; a bundle carries no "
			 "secrets, see \"credentials\"\n"
			 "payload/roles/redis/a:3:23: looks like the value of a secret; a bundle "
			 "carries no secrets, see \"credentials\"\n"
			 "payload/roles/redis/a:4:9: looks like the value of a secret; a bundle "
			 "carries no secrets, see \"credentials\"\n"
			 "payload/roles/redis/a:5:1: looks like an access token; a bundle carries "
			 "no secrets, see \"credentials\"\n"
			 "payload/roles/redis/c.env:2:16: looks like the value of a secret; a "
			 "bundle carries no secrets, see \"credentials\"\n"
			 "payload/roles/redis/d.key:0:0: a file of secrets, by its name; a bundle "
			 "carries no secrets\n");
}

KB_TEST(k6_secrets_in_manifests_are_refused)
{
	site_new();
	site_put("manifests/site.yaml", GOOD_SITE "  redis_password: aB3dE6gH9jK2mN5pQ8sT\n");
	site_expect("manifests/site.yaml:16:19: looks like the value of a secret; a bundle carries "
		    "no secrets, see \"credentials\"\n");
}

KB_TEST(l6_scripts_can_be_started)
{
	site_new();
	site_put("payload/roles/redis/steps/b.sh", "#!/bin/bash\n");
	site_put("payload/roles/redis/steps/c.sh", "#!/bin/sh\r\nx\r\n");
	site_put("payload/roles/redis/steps/d.sh", "");
	site_put_n("payload/roles/redis/steps/e.sh", "#!/bin/sh\nab\0c\n", 15);
	site_put("payload/lib/log.sh", "log() {\r\n}\n");
	site_expect_role(
		GOOD_ROLE
		"steps:\n  - {id: b, script: steps/b.sh}\n  - {id: c, wait: steps/c.sh}\n"
		"  - {id: d, script: steps/d.sh}\nchecks:\n  - {id: e, check: steps/e.sh}\n",
		"payload/lib/log.sh:1:8: carriage return in a script; save it with LF line ends\n"
		"payload/roles/redis/steps/b.sh:1:1: a script begins with the line #!/bin/sh\n"
		"payload/roles/redis/steps/c.sh:1:10: carriage return in a script; save it with LF "
		"line ends\n"
		"payload/roles/redis/steps/d.sh:1:1: a script begins with the line #!/bin/sh\n"
		"payload/roles/redis/steps/e.sh:2:3: NUL byte in a script\n");
}
