/* KIND LF TEXT: a file of a site, read into the typed model beside the other
 * files of tests/cli/lint/good, which are read once. KIND is "site", "images",
 * "credentials", "packages", "files", "role" or "template". Either there are
 * findings, or the model has no reference that leads nowhere. */
#include "tests/fuzz/fuzz.h"

#include <fcntl.h>
#include <unistd.h>

#include "builder/credentials.h"
#include "builder/image_source.h"
#include "builder/lint.h"
#include "builder/packages.h"
#include "builder/pinned.h"
#include "builder/role.h"
#include "builder/site_settings.h"
#include "core/manifest_check.h"
#include "core/name.h"

#define GOOD     "tests/cli/lint/good/site/"
#define TEMPLATE "roles/redis/templates/redis.conf"

/* The rest of the site, and a payload of its own: templates are changed there. */
static struct kb_site_load rest;
static char payload[64];
static pid_t owner;

static void forget(void)
{
	kb_autofree char *command = kb_format("rm -rf %s", payload);

	kb_site_free(rest.site);
	if (getpid() == owner && system(command) != 0)
		fprintf(stderr, "%s is left\n", payload);
}

static void begin(void)
{
	kb_autodiag struct kb_diag diag = KB_DIAG_INIT;
	kb_autofree char *command = NULL;

	KB_MUST(kb_site_load(GOOD "manifests", &rest.site, &diag, NULL) == 0);
	strcpy(payload, access("/dev/shm", W_OK) == 0 ? "/dev/shm/keybuzz-fuzz.XXXXXX"
						      : "/tmp/keybuzz-fuzz.XXXXXX");
	KB_MUST(mkdtemp(payload));
	owner = getpid();
	atexit(forget);
	command = kb_format("cp -R " GOOD "payload/. %s/", payload);
	KB_MUST(system(command) == 0);
	rest.dirfd = open(GOOD "manifests", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	rest.payloadfd = open(payload, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	KB_MUST(rest.dirfd >= 0 && rest.payloadfd >= 0);
}

/* What stands in SITE for the good one's until it is freed. */
static void take_site(struct kb_site_load *l, const struct kb_yaml_node *root)
{
	struct kb_site *site = l->site;

	*site = (struct kb_site){.dir = rest.site->dir, .payload = rest.site->payload};
	kb_site_settings_take(l, root);
	if (kb_diag_count(l->diag) == 0)
		KB_MUST(site->product[0] && site->inventory && site->n_os > 0);
	kb_site_settings_free(site);
}

static void take_images(struct kb_site_load *l, const struct kb_yaml_node *root)
{
	struct kb_site *site = l->site;

	site->images = NULL;
	site->n_images = 0;
	kb_image_source_take(l, root);
	for (size_t i = 0; i < site->n_images && kb_diag_count(l->diag) == 0; i++)
		KB_MUST(kb_site_image(site, site->images[i].name) == &site->images[i]);
	for (size_t i = 0; i < site->n_images; i++)
		kb_image_source_free(&site->images[i]);
	free(site->images);
	free(site->images_file);
}

static void take_credentials(struct kb_site_load *l, const struct kb_yaml_node *root)
{
	struct kb_site *site = l->site;

	site->credentials = NULL;
	site->n_credentials = 0;
	kb_site_credentials_take(l, root);
	for (size_t i = 0; i < site->n_credentials; i++)
		kb_credential_free(&site->credentials[i]);
	free(site->credentials);
}

static void take_packages(struct kb_site_load *l, const struct kb_yaml_node *root)
{
	kb_packages_take(l, root);
	kb_packages_free(l->site->packages);
}

static void take_files(struct kb_site_load *l, const struct kb_yaml_node *root)
{
	kb_pinned_take(l, root);
	kb_pinned_free(l->site->pinned);
}

static void check_role(const struct kb_site *site, const struct kb_role *role)
{
	for (size_t i = 0; i < role->images.n; i++)
		KB_MUST(kb_site_image(site, role->images.v[i]));
	for (size_t i = 0; i < role->files.n; i++)
		KB_MUST(kb_name_check_relative(role->files.v[i], NULL) == 0);
	for (size_t i = 0; i < role->n_steps; i++) {
		const struct kb_step *step = &role->steps[i];
		bool carried = !*step->source;

		for (size_t j = 0; j < role->files.n; j++)
			carried |= strcmp(step->source, role->files.v[j]) == 0;
		KB_MUST(carried && kb_name_check_id(step->id, NULL) == 0);
	}
}

static void take_role(struct kb_site_load *l, const struct kb_yaml_node *root)
{
	struct kb_role role = {.name = kb_strdup("redis"), .file = kb_strdup("redis.yaml")};

	role.pos = (struct kb_pos){role.file, 1, 1};
	kb_role_take(l, root, &role);
	kb_lint_templates(l, &role);
	kb_role_check(l, &role);
	if (kb_diag_count(l->diag) == 0)
		check_role(l->site, &role);
	kb_role_free(&role);
}

/* One that the good role renders. */
static void take_template(struct kb_site_load *l, const char *text, size_t len)
{
	int fd = openat(l->payloadfd, TEMPLATE, O_WRONLY | O_TRUNC | O_CLOEXEC);

	KB_MUST(fd >= 0 && write(fd, text, len) == (ssize_t)len);
	close(fd);
	kb_lint_templates(l, &l->site->roles[0]);
}

static const struct kind {
	const char *name;
	kb_site_take_fn *take;
} kinds[] = {
	{"site", take_site},         {"images", take_images}, {"credentials", take_credentials},
	{"packages", take_packages}, {"files", take_files},   {"role", take_role},
	{"template", NULL},
};

static const struct kind *find_kind(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strlen(kinds[i].name) == len && memcmp(kinds[i].name, name, len) == 0)
			return &kinds[i];
	return NULL;
}

KB_FUZZ(site)
{
	kb_autodiag struct kb_diag diag = KB_DIAG_INIT;
	kb_autoyaml struct kb_yaml *yaml = NULL;
	const char *text = (const char *)data, *lf = len ? memchr(text, '\n', len) : NULL;
	const struct kind *kind = lf ? find_kind(text, (size_t)(lf - text)) : NULL;
	struct kb_site_load l;
	struct kb_site site;

	if (!kind)
		return 0;
	if (!rest.site)
		begin();
	site = *rest.site;
	l = (struct kb_site_load){&site, &diag, rest.dirfd, rest.payloadfd};
	len -= (size_t)(lf + 1 - text);
	text = lf + 1;
	if (!kind->take)
		take_template(&l, text, len);
	else if (kb_yaml_parse("f", text, len, &diag, &yaml, NULL) == 0)
		kind->take(&l, kb_yaml_root(yaml));
	kb_diag_sort(&diag);
	return 0;
}
