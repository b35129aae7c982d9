#include "tests/unit/small_site.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "builder/lint.h"
#include "core/file.h"
#include "core/mem.h"

static char *dir; /* of the site at hand; holds manifests/ and payload/ */

void site_put_n(const char *path, const char *text, size_t len)
{
	kb_autofree char *full = kb_format("%s/%s", dir, path);
	kb_autofree char *parent = kb_strndup(full, (size_t)(strrchr(full, '/') - full));

	assert_int_equal(kb_mkdirs(parent, 0755, NULL), 0);
	assert_int_equal(kb_file_replace(full, text, len, 0644, NULL), 0);
}

void site_put(const char *path, const char *text)
{
	site_put_n(path, text, strlen(text));
}

char *site_path(const char *path)
{
	return kb_format("%s/%s", dir, path);
}

static void new_folder(void)
{
	static int number;

	free(dir);
	dir = kb_format("%s/site%d", kb_test_dir(), number++);
}

void site_new_empty(void)
{
	new_folder();
	site_put("manifests/x", "");
}

void site_new(void)
{
	new_folder();
	site_put("manifests/site.yaml", GOOD_SITE);
	site_put("manifests/servers.tsv", GOOD_COLUMNS GOOD_HOST("redis-01", "10.0.0.1", "redis")
						  GOOD_HOST("redis-02", "10.0.0.2", "redis")
							  GOOD_HOST("lb-01", "10.0.0.9", "my-lb"));
	site_put("manifests/images.yaml", GOOD_IMAGES);
	site_put("manifests/credentials.yaml", GOOD_CREDENTIALS);
	site_put("manifests/roles/redis.yaml", GOOD_ROLE GOOD_STEPS);
	site_put("payload/lib/log.sh", "log() { :; }\n");
	site_put("payload/roles/redis/steps/a.sh", "#!/bin/sh\n:\n");
}

char *site_read(struct kb_site **ret_site, int *ret_code)
{
	kb_autofree char *manifests = site_path("manifests");
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

void site_expect(const char *wanted)
{
	kb_autofree char *found = NULL;
	int code;

	found = site_read(NULL, &code);
	if (strcmp(found, wanted) != 0) /* cmocka cuts long texts */
		fprintf(stderr, "%s", found);
	assert_string_equal(found, wanted);
	assert_int_equal(code, wanted[0] ? KB_E_INVALID : 0);
}

void site_expect_role(const char *text, const char *wanted)
{
	site_put("manifests/roles/redis.yaml", text);
	site_expect(wanted);
}
