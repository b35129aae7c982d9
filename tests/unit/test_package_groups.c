/* builder/packages.c: packages.yaml, and the groups that roles name. */
#include "tests/unit/small_site.h"

#include "builder/packages.h"
#include "core/mem.h"

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

	site_new();
	site_put("manifests/packages.yaml", RELEASES GROUPS);
	site_put("manifests/roles/redis.yaml", GOOD_ROLE PACKAGES_STEP);
	found = site_read(&site, &code);
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
	site_new();
	site_put("manifests/packages.yaml", RELEASES "groups:\n  tools: {debian-13: [jq]}\n  "
						     "other: {debian-12: [jq], debian-13: [jq]}\n");
	site_expect_role(GOOD_ROLE "steps:\n  - {id: p, packages: [tols, tools]}\n",
			 "manifests/roles/redis.yaml:9:24: packages: packages.yaml has no group "
			 "\"tols\"; did you mean \"tools\"?\n"
			 "manifests/roles/redis.yaml:9:30: packages: group \"tools\" has no names "
			 "for debian-12, which site.yaml's \"os\" accepts\n");
	site_put("manifests/packages.yaml", "releases:\n  debian-11: {suite: bullseye}\n"
					    "groups:\n  tools: {debian-11: [jq]}\n");
	site_expect_role(GOOD_ROLE "steps:\n  - {id: p, packages: [tools]}\n",
			 "manifests/roles/redis.yaml:9:23: packages: packages.yaml has no release "
			 "that site.yaml's \"os\" accepts\n");
}

KB_TEST(packages_without_their_file_are_unknown_groups)
{
	site_new();
	site_expect_role(
		GOOD_ROLE "steps:\n  - {id: p, packages: [jq]}\n",
		"manifests/roles/redis.yaml:9:24: packages: packages.yaml has no group \"jq\"\n");
}

KB_TEST(words_of_packages_yaml_are_judged)
{
	site_new();
	site_put("manifests/packages.yaml",
		 "releases:\n  debian13: {suite: Trixie}\n  debian-13: {suit: trixie}\n"
		 "  debian-12: {suite: bookworm, keyring: k.gpg, components: [-main], extra: 1}\n"
		 "groups:\n  Tools: {debian-12: [--purge], debian-14: [jq], debian-13: []}\n");
	site_expect(
		"manifests/packages.yaml:2:3: \"debian13\" is not a release like debian-13: ID and "
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
