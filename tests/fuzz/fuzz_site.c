/* SITE NUL IMAGES NUL ROLE NUL TEMPLATE: the files of a site, read into the
 * typed model; an absent or empty part is the good one of tests/cli/lint. Either
 * there are findings, or the model has no reference that leads nowhere. */
#include "tests/fuzz/fuzz.h"

#include <fcntl.h>
#include <unistd.h>

#include "builder/site.h"
#include "core/file.h"
#include "core/manifest_check.h"
#include "core/name.h"

#define GOOD "tests/cli/lint/good/site/"

static char dir[64];
static pid_t owner;

static void forget(void)
{
	kb_autofree char *command = kb_format("rm -rf %s", dir);

	if (getpid() == owner && system(command) != 0)
		fprintf(stderr, "%s is left\n", dir);
}

static void put(const char *path, const void *bytes, size_t len)
{
	kb_autofree char *full = kb_format("%s/%s", dir, path);
	int fd = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	KB_MUST(fd >= 0 && write(fd, bytes, len) == (ssize_t)len);
	close(fd);
}

static void begin(void)
{
	kb_autofree char *command = NULL;

	strcpy(dir, access("/dev/shm", W_OK) == 0 ? "/dev/shm/keybuzz-fuzz.XXXXXX"
						  : "/tmp/keybuzz-fuzz.XXXXXX");
	KB_MUST(mkdtemp(dir));
	owner = getpid();
	atexit(forget);
	command = kb_format("cp -R " GOOD "manifests " GOOD "payload %s/", dir);
	KB_MUST(system(command) == 0);
}

/* The parts of the input over the good site; from the last one on it is whole. */
static void lay_out(const char *data, size_t len)
{
	static const char *const paths[] = {"manifests/site.yaml", "manifests/images.yaml",
					    "manifests/roles/redis.yaml",
					    "payload/roles/redis/templates/redis.conf"};
	static struct kb_buf good[4];

	for (size_t i = 0; i < 4; i++) {
		const char *end = len ? memchr(data, '\0', len) : NULL;
		size_t n = end ? (size_t)(end - data) : len;
		kb_autofree char *from = kb_format(GOOD "%s", paths[i]);

		if (!good[i].data)
			KB_MUST(kb_file_read(from, 1 << 20, &good[i], NULL) == 0);
		put(paths[i], n ? data : good[i].data, n ? n : good[i].len);
		data += n + (end != NULL);
		len -= n + (end != NULL);
	}
}

static void check_role(const struct kb_site *site, const struct kb_role *role)
{
	KB_MUST(kb_name_check_id(role->name, NULL) == 0);
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

KB_FUZZ(site)
{
	kb_autodiag struct kb_diag diag = KB_DIAG_INIT;
	kb_autofree char *manifests = NULL;
	struct kb_site *site = NULL;
	struct kb_err err = {.code = 0};
	int rc;

	if (!dir[0])
		begin();
	manifests = kb_format("%s/manifests", dir);
	lay_out((const char *)data, len);
	rc = kb_site_load(manifests, &site, &diag, &err);
	KB_MUST(rc == 0 || (rc == KB_E_INVALID && err.code == rc));
	KB_MUST((rc == 0) == (kb_diag_count(&diag) == 0));
	for (size_t i = 0; rc == 0 && i < site->n_roles; i++)
		check_role(site, &site->roles[i]);
	kb_site_free(rc == 0 ? site : NULL);
	return 0;
}
