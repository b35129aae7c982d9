#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "builder/cmd.h"
#include "builder/open.h"
#include "builder/secret_key.h"
#include "core/downgrade.h"
#include "core/file.h"
#include "core/inventory.h"
#include "core/random.h"

/* The words of the command line. */
struct wanted {
	const char *from, *until, *hosts, *key, *output;
};

/* "EPOCH.COUNTER", as `status` on the host shows it. */
static int parse_number(const char *text, struct kb_release_number *ret_number, struct kb_err *err)
{
	static const char digits[] = "0123456789";
	size_t epoch = strspn(text, digits), counter = 0;

	if (text[epoch] == '.')
		counter = strspn(text + epoch + 1, digits);
	if (!epoch || !counter || text[epoch + 1 + counter] || epoch > 18 || counter > 18)
		return kb_err_set(err, KB_E_USAGE,
				  "--from %.64s: the release that the host has now, as "
				  "EPOCH.COUNTER; `keybuzz-run status` there shows it",
				  text);
	ret_number->epoch = strtoull(text, NULL, 10);
	ret_number->counter = strtoull(text + epoch + 1, NULL, 10);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* NAMES "a,b" is cut into its words. */
static int parse_hosts(char *names, struct kb_downgrade *d, struct kb_err *err)
{
	for (char *name = names, *next; name; name = next) {
		next = strchr(name, ',');
		if (next)
			*next++ = '\0';
		if (!kb_inventory_is_host(name))
			return kb_err_set(err, KB_E_USAGE,
					  "--host: names of the inventory, with commas between");
		if (d->n_hosts == KB_DOWNGRADE_HOSTS_MAX)
			return kb_err_set(err, KB_E_USAGE, "--host: at most %d names",
					  KB_DOWNGRADE_HOSTS_MAX);
		d->hosts[d->n_hosts++] = name;
	}
	qsort(d->hosts, d->n_hosts, sizeof(d->hosts[0]), by_name);
	for (size_t i = 1; i < d->n_hosts; i++)
		if (strcmp(d->hosts[i - 1], d->hosts[i]) == 0)
			return kb_err_set(err, KB_E_USAGE, "--host: %s twice", d->hosts[i]);
	return 0;
}

static int fill(const struct wanted *w, const struct kb_bundle *bundle, char *hosts,
		struct kb_downgrade *d, struct kb_err *err)
{
	const struct kb_manifest *m = kb_bundle_manifest(bundle);
	uint64_t day;
	int rc;

	d->product = m->product;
	d->role = m->role;
	d->to = (struct kb_release_number){m->epoch, m->counter};
	d->manifest = *kb_bundle_id(bundle);
	if ((rc = parse_number(w->from, &d->from, err)) < 0 ||
	    (hosts && (rc = parse_hosts(hosts, d, err)) < 0))
		return rc;
	if (!kb_day_parse(w->until, &day))
		return kb_err_set(err, KB_E_USAGE, "--until %.64s: a day like 2026-01-31",
				  w->until);
	memcpy(d->until, w->until, sizeof(d->until));
	if (kb_release_cmp(d->to, d->from) >= 0)
		return kb_err_set(
			err, KB_E_USAGE,
			"%s is release %llu.%llu, which is not older than %s: it needs no "
			"permission",
			kb_bundle_name(bundle), (unsigned long long)d->to.epoch,
			(unsigned long long)d->to.counter, w->from);
	return kb_random(d->id, sizeof(d->id), err);
}

static int sign(const struct kb_downgrade *d, const char *key_path, struct kb_buf *out,
		struct kb_err *err)
{
	kb_autobuf struct kb_buf covered = KB_BUF_INIT;
	uint8_t signature[KB_SIGNATURE_LEN];
	struct kb_secret_key *key = NULL;
	struct kb_key public;
	int rc = kb_secret_key_load(key_path, &key, err);

	if (rc < 0)
		return rc;
	kb_downgrade_write(d, out);
	kb_downgrade_covered(out->data, out->len, &covered);
	kb_secret_key_public(key, &public);
	rc = kb_secret_key_sign(key, covered.data, covered.len, signature, err);
	kb_secret_key_free(key);
	if (rc == 0)
		kb_downgrade_seal(&public, signature, out);
	return rc;
}

static void tell(const struct kb_builder *b, const struct kb_bundle *bundle, const char *path)
{
	if (b->json)
		return;
	fprintf(stderr, "as root on each host:\n  keybuzz-run install %s --downgrade %s\n",
		kb_bundle_name(bundle), path);
	printf("%s\n", path);
}

static int permit(const struct kb_builder *b, const struct wanted *w,
		  const struct kb_bundle *bundle, struct kb_err *err)
{
	kb_autofree char *hosts = w->hosts ? kb_strdup(w->hosts) : NULL;
	kb_autofree char *path =
		w->output ? kb_strdup(w->output)
			  : kb_format("keybuzz-%s.downgrade", kb_bundle_manifest(bundle)->role);
	kb_autobuf struct kb_buf out = KB_BUF_INIT;
	struct kb_downgrade d = {.n_hosts = 0};
	int rc;

	if ((rc = fill(w, bundle, hosts, &d, err)) < 0 || (rc = sign(&d, w->key, &out, err)) < 0 ||
	    (rc = kb_file_replace(path, out.data, out.len, 0644, err)) < 0)
		return rc;
	tell(b, bundle, path);
	return 0;
}

static int run(const struct kb_builder *b, struct kb_args *args, struct kb_err *err)
{
	const struct wanted w = {.from = kb_args_option(args, "from", 0, NULL),
				 .until = kb_args_option(args, "until", 0, NULL),
				 .hosts = kb_args_option(args, "host", 0, NULL),
				 .key = kb_args_option(args, "key", 0, NULL),
				 .output = kb_args_option(args, "output", 'o', NULL)};
	struct kb_bundle *bundle = NULL;
	int rc = kb_open_bundle(args, &bundle, err);

	if (rc == 0 && (!w.from || !w.until || !w.key))
		rc = kb_err_set(err, KB_E_USAGE,
				"downgrade: --from EPOCH.COUNTER, --until DAY and --key FILE are "
				"needed");
	if (rc == 0)
		rc = permit(b, &w, bundle, err);
	kb_bundle_close(bundle);
	return rc;
}

const struct kb_cmd cmd_downgrade = {
	.name = "downgrade",
	.summary = "permit hosts to go back to an older bundle, once",
	.usage = "downgrade X.run --from EPOCH.COUNTER --until DAY --key FILE\n"
		 "       [--host NAME[,NAME..]] [-o FILE] [--trust-dir DIR | --trust-fingerprint "
		 "HEX]",
	.help = "Hosts refuse what is older than what they accepted before. This writes a signed\n"
		"text (keybuzz-ROLE.downgrade) with which they take X.run all the same: hosts\n"
		"whose newest release is --from, named by --host (without it, all of the role),\n"
		"until DAY, each once. Their data are not taken back: what the newer release\n"
		"made of them is what the older one finds.\n"
		"\nExample:\n  keybuzz-bundle downgrade keybuzz-redis.run --from 1.7 --until "
		"2026-12-31 \\\n    --host redis-01,redis-02 --key release.key\n"
		"  keybuzz-run install keybuzz-redis.run --downgrade keybuzz-redis.downgrade\n",
	.run = run,
};
