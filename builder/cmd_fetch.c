#include <stdio.h>
#include <string.h>

#include "builder/cmd.h"
#include "builder/fetch.h"
#include "core/json.h"

static void say(void *ctx, const char *text)
{
	struct kb_meter *meter = ctx;
	char line[1024];

	kb_escape(line, sizeof(line), text, strlen(text));
	kb_meter_clear(meter);
	fprintf(stderr, "%s\n", line);
}

static void print_result(const struct kb_builder *b, const struct kb_fetch *f)
{
	kb_autofree char *files = f->n_files ? kb_format(", %zu files", f->n_files) : kb_strdup("");
	kb_autobuf struct kb_buf out = KB_BUF_INIT;
	struct kb_json j;

	if (!b->json) {
		if (!b->quiet)
			printf("%zu images (%zu made), %zu packages%s (%zu fetched, %llu bytes): "
			       "%s\n",
			       f->n_images, f->n_made, f->n_packages, files, f->n_downloaded,
			       (unsigned long long)f->bytes_downloaded, kb_store_dir(f->store));
		return;
	}
	kb_json_init(&j, &out);
	kb_json_object(&j);
	kb_json_key_u64(&j, "images", f->n_images);
	kb_json_key_u64(&j, "made", f->n_made);
	kb_json_key_u64(&j, "packages", f->n_packages);
	kb_json_key_u64(&j, "fetched", f->n_downloaded);
	kb_json_key_u64(&j, "bytes", f->bytes_downloaded);
	kb_json_object_end(&j);
	kb_json_finish(&j);
	printf("%s\n", out.data);
}

static int load_and_fetch(const struct kb_builder *b, const struct kb_site *site,
			  struct kb_diag *diag, struct kb_err *err)
{
	kb_autolock struct kb_lock *lock = NULL;
	kb_autostore struct kb_store *store = NULL;
	struct kb_meter *meter;
	struct kb_progress progress;
	struct kb_fetch f;
	int rc;

	if ((rc = kb_lock_load(site, &lock, err)) < 0)
		return rc;
	rc = kb_lock_compare(lock, site, diag, err);
	kb_diag_print(diag, stderr);
	if (rc < 0 || (rc = kb_store_open(b->store_dir, &store, err)) < 0)
		return rc;
	meter = kb_meter_new(b->quiet, b->json);
	kb_meter_progress(meter, &progress);
	f = (struct kb_fetch){.site = site,
			      .lock = lock,
			      .store = store,
			      .progress = &progress,
			      .say = b->quiet ? NULL : say,
			      .ctx = meter};
	rc = kb_fetch_all(&f, err);
	kb_meter_free(meter);
	if (rc == 0)
		print_result(b, &f);
	return rc;
}

static int run(const struct kb_builder *b, struct kb_args *args, struct kb_err *err)
{
	kb_autodiag struct kb_diag diag = KB_DIAG_INIT;
	struct kb_site *site = NULL;
	int rc = kb_args_end(args, err);

	if (rc < 0)
		return rc;
	rc = kb_site_load(b->site_dir, &site, &diag, err);
	if (rc < 0)
		kb_diag_print(&diag, stderr);
	else
		rc = load_and_fetch(b, site, &diag, err);
	kb_site_free(site);
	return rc;
}

const struct kb_cmd cmd_fetch = {
	.name = "fetch",
	.summary = "fill the store with what the lock pins (needs the network)",
	.usage = "fetch",
	.help = "Fetches packages and images, checks every byte of them, and makes the images\n"
		"that are made from packages. What the store has is checked and kept; a fetch\n"
		"that was cut off is continued. With a complete store it needs no network.\n",
	.run = run,
};
