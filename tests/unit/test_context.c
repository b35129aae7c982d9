#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "core/template.h"
#include "stub/context.h"
#include "stub/target.h"

#define LINE(name, ip, role, subrole, stack) \
	"prod\t\t" name "\t" ip "\t\troot\t\t" role "\t" subrole "\t" stack "\tyes\t\n"

static const char table[] =
	"ENV\tIP_PUBLIQUE\tHOSTNAME\tIP_PRIVEE\tFQDN\tUSER_SSH\tPOOL\tROLE\tSUBROLE\tDOCKER_STACK\t"
	"CORE\tNOTES\n" LINE("redis-01", "10.0.0.123", "redis", "master",
			     "ha") LINE("redis-02", "10.0.0.124", "redis", "replica", "ha")
		LINE("lb-01", "10.0.0.11", "lb", "internal-haproxy", "lb-docker")
			LINE("lb-02", "10.0.0.12", "other", "internal-haproxy", "lb-docker")
				LINE("redis-03", "10.0.0.125", "redis", "replica", "ha")
					LINE("px-01", "10.0.0.173", "db_proxy", "proxysql", "");

static struct kb_inventory *inventory(void)
{
	struct kb_inventory *inv = NULL;
	struct kb_err err;

	if (kb_inventory_parse("t", table, strlen(table), "prod", NULL, &inv, &err) < 0)
		fail_msg("%s", err.text);
	return inv;
}

static struct kb_manifest *manifest(void)
{
	struct kb_manifest *m = kb_manifest_new();
	struct kb_value *site = kb_value_map(), *variables = kb_value_map();

	free(m->role);
	free(m->select_role);
	free(m->version);
	m->role = kb_strdup("redis");
	m->select_role = kb_strdup("redis");
	m->version = kb_strdup("1.2");
	kb_value_set(site, "network", kb_value_text("10.0.0.0/16"));
	kb_value_set(variables, "site", site);
	kb_value_set(variables, "port", kb_value_text("6379"));
	kb_value_free(m->variables);
	m->variables = variables;
	return m;
}

static void check(const char *text, const char *wanted)
{
	kb_autoinventory struct kb_inventory *inv = inventory();
	struct kb_manifest *m = manifest();
	kb_autovalue struct kb_value *context =
		kb_context_new(m, inv, kb_inventory_by_name(inv, "redis-02"), NULL);
	kb_autotemplate struct kb_template *t = NULL;
	kb_autobuf struct kb_buf out = KB_BUF_INIT;
	struct kb_err err;

	if (kb_template_parse("t", text, strlen(text), NULL, &t, &err) < 0 ||
	    kb_template_render(t, context, NULL, &out, NULL, &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(out.data, wanted);
	kb_manifest_free(m);
}

KB_TEST(context_knows_the_host)
{
	check("{{host.name}} {{host.address}} {{host.subrole}} {{host.stack}}",
	      "redis-02 10.0.0.124 replica ha");
	check("{{port}} {{role.name}} {{role.version}} {{site.network}}",
	      "6379 redis 1.2 10.0.0.0/16");
}

KB_TEST(context_lists_peers_in_inventory_order)
{
	check("{{#peers}}{{index}}={{name}}{{#self}}*{{/self}}{{^last}},{{/last}}{{/peers}}",
	      "1=redis-01,2=redis-02*,3=redis-03");
	check("{{#others}}{{index}}={{address}}{{^last}},{{/last}}{{/others}}",
	      "1=10.0.0.123,3=10.0.0.125");
	check("{{#others}}{{#first}}[{{/first}}{{name}}{{#last}}]{{/last}}{{/others}}",
	      "[redis-01redis-03]");
}

KB_TEST(context_lists_every_role)
{
	check("{{#groups.lb}}{{name}}/{{stack}}{{/groups.lb}}", "lb-01/lb-docker");
	check("{{#groups.db_proxy}}{{name}}{{/groups.db_proxy}}", "px-01");
	check("{{#stacks.lb_docker}}{{name}} {{/stacks.lb_docker}}", "lb-01 lb-02 ");
	check("{{#stacks.ha}}{{index}}{{/stacks.ha}}", "123");
}

KB_TEST(context_folder_holds_plain_lines)
{
	kb_autofree char *path = kb_format("%s/context", kb_test_dir()), *facts = NULL;
	kb_autoinventory struct kb_inventory *inv = inventory();
	kb_autobuf struct kb_buf text = KB_BUF_INIT;
	struct kb_manifest *m = manifest();
	kb_autoclose int root = -1;
	struct kb_err err;

	assert_int_equal(mkdir(path, 0755), 0);
	root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(kb_context_write(root, m, inv, &facts, &err), 0);
	assert_string_equal(facts, "/run/keybuzz/redis/context");
	assert_int_equal(
		kb_file_read_at(root, "run/keybuzz/redis/context/peers", 4096, &text, &err), 0);
	assert_string_equal(text.data, "redis-01 10.0.0.123 master\nredis-02 10.0.0.124 replica\n"
				       "redis-03 10.0.0.125 replica\n");
	kb_manifest_free(m);
}

static void put(int dirfd, const char *name, const char *text, mode_t mode)
{
	kb_autoclose int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
}

/* What kb_credentials_load says about a folder with this file. */
static int load(const char *dir, struct kb_credentials **ret, char *first, size_t cap)
{
	static char module[] = "redis", password[] = "REDIS_PASSWORD", user[] = "REDIS_USER",
		    none[] = "", kb[] = "kb";
	struct kb_credential wanted[] = {{module, password, KB_CREDENTIAL_SECRET, 32, none},
					 {module, user, KB_CREDENTIAL_VALUE, 0, kb}};
	struct kb_manifest m = {.credentials = wanted, .n_credentials = 2};
	kb_autoproblems struct kb_problems problems = KB_PROBLEMS_INIT;

	kb_credentials_load(dir, &m, ret, &problems);
	snprintf(first, cap, "%s", problems.n ? problems.at[0].text : "");
	return problems.n ? problems.at[0].code : 0;
}

static int load_text(const char *name, const char *text, mode_t mode, char *first, size_t cap)
{
	kb_autofree char *dir = kb_format("%s/%s", kb_test_dir(), name);
	struct kb_credentials *c = NULL;
	kb_autoclose int dirfd = -1;
	int rc;

	assert_int_equal(mkdir(dir, 0700), 0);
	dirfd = open(dir, O_RDONLY | O_DIRECTORY);
	if (text)
		put(dirfd, "redis.env", text, mode);
	rc = load(dir, &c, first, cap);
	kb_credentials_free(c);
	return rc;
}

KB_TEST(credentials_say_exactly_what_is_missing)
{
	char first[1024];

	assert_int_equal(load_text("cred-1", "REDIS_PASSWORD=abcdefgh\nREDIS_USER=kb\n", 0600,
				   first, sizeof(first)),
			 0);
	assert_int_equal(load_text("cred-2", NULL, 0, first, sizeof(first)), KB_E_MISSING);
	assert_non_null(strstr(first, "redis.env; it must define REDIS_PASSWORD, REDIS_USER"));
	assert_int_equal(load_text("cred-3", "REDIS_USER=kb\n", 0600, first, sizeof(first)),
			 KB_E_MISSING);
	assert_non_null(strstr(first, "redis.env does not define REDIS_PASSWORD"));
}

/* K4 */
KB_TEST(credentials_must_be_private_and_real)
{
	char first[1024];

	assert_int_equal(load_text("cred-4", "REDIS_PASSWORD=abcdefgh\nREDIS_USER=kb\n", 0640,
				   first, sizeof(first)),
			 KB_E_ENVIRONMENT);
	assert_non_null(strstr(first, "chmod 600"));
	assert_int_equal(load_text("cred-5", "REDIS_PASSWORD=short\nREDIS_USER=kb\n", 0600, first,
				   sizeof(first)),
			 KB_E_INVALID);
	assert_null(strstr(first, "short\n"));
	assert_int_equal(load_text("cred-6", "REDIS_PASSWORD=changeme123\nREDIS_USER=kb\n", 0600,
				   first, sizeof(first)),
			 KB_E_INVALID);
	assert_int_equal(load_text("cred-7", "REDIS_PASSWORD=aaaaaaaaaaaa\nREDIS_USER=kb\n", 0600,
				   first, sizeof(first)),
			 KB_E_INVALID);
}

KB_TEST(credentials_folder_is_private)
{
	kb_autofree char *dir = kb_format("%s/cred-dir", kb_test_dir());
	struct kb_credentials *c = NULL;
	char first[1024];

	assert_int_equal(load(dir, &c, first, sizeof(first)), KB_E_MISSING);
	kb_credentials_free(c);
	assert_int_equal(mkdir(dir, 0700), 0);
	assert_int_equal(chmod(dir, 0755), 0);
	assert_int_equal(load(dir, &c, first, sizeof(first)), KB_E_ENVIRONMENT);
	kb_credentials_free(c);
}
