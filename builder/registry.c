#include "builder/registry.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "builder/oci.h"
#include "builder/run.h"
#include "core/json_read.h"

/* "host:5000/name" of "host:5000/name:tag@sha256:.." */
static char *repository(const char *reference)
{
	size_t len = strcspn(reference, "@");
	const char *slash = memrchr(reference, '/', len);
	const char *colon = memrchr(reference, ':', len);

	if (colon && (!slash || colon > slash))
		len = (size_t)(colon - reference);
	return kb_strndup(reference, len);
}

static bool is_loopback(const char *reference)
{
	static const char *const hosts[] = {"127.0.0.1", "localhost", "[::1]"};

	for (size_t i = 0; i < sizeof(hosts) / sizeof(*hosts); i++) {
		size_t len = strlen(hosts[i]);

		if (strncmp(reference, hosts[i], len) == 0 &&
		    (reference[len] == ':' || reference[len] == '/'))
			return true;
	}
	return false;
}

static const char *tls_option(const char *reference, const char *when_loopback)
{
	return is_loopback(reference) ? when_loopback : NULL;
}

/* The document that REFERENCE (with tag or digest, not both) names. */
static int read_raw(const char *reference, struct kb_buf *out, struct kb_err *err)
{
	kb_autofree char *url = kb_format("docker://%s", reference);
	const char *argv[] = {"skopeo",
			      "inspect",
			      "--raw",
			      "--retry-times",
			      "2",
			      url,
			      tls_option(reference, "--tls-verify=false"),
			      NULL};
	const struct kb_run run = {
		.argv = argv, .network = true, .out = out, .out_max = KB_OCI_DOCUMENT_MAX};
	int rc = kb_run(&run, NULL, err);

	return rc < 0 ? kb_err_wrap(err, "%s", reference) : 0;
}

static int read_by_digest(const char *repo, const struct kb_digest *digest, struct kb_buf *out,
			  struct kb_err *err)
{
	kb_autofree char *reference = kb_format("%s@sha256:%s", repo, kb_digest_hex(digest));
	struct kb_digest got;
	int rc;

	kb_buf_clear(out);
	rc = read_raw(reference, out, err);
	if (rc < 0)
		return rc;
	kb_digest_of(out->data, out->len, &got);
	if (!kb_digest_eq(&got, digest))
		return kb_err_set(err, KB_E_DAMAGED, "%s came with sha256 %s", reference,
				  kb_digest_hex(&got));
	return 0;
}

int kb_registry_resolve(struct kb_lock_entry *entry, const char *arch, struct kb_err *err)
{
	kb_autofree char *repo = repository(entry->reference);
	const char *at = strchr(entry->reference, '@');
	kb_autofree char *pinned = at ? kb_format("%s%s", repo, at) : NULL;
	kb_autobuf struct kb_buf text = KB_BUF_INIT;
	struct kb_digest wanted, chosen;
	bool is_index;
	int rc;

	if ((rc = read_raw(pinned ? pinned : entry->reference, &text, err)) < 0)
		return rc;
	kb_digest_of(text.data, text.len, &entry->manifest);
	if (at && (!kb_digest_parse(at + strlen("@sha256:"), &wanted) ||
		   !kb_digest_eq(&wanted, &entry->manifest)))
		return kb_err_set(err, KB_E_DAMAGED, "%s came with sha256 %s", entry->reference,
				  kb_digest_hex(&entry->manifest));
	rc = kb_oci_choose(entry->reference, text.data, text.len, arch, "", &is_index, &chosen,
			   err);
	if (rc < 0)
		return rc;
	entry->has_manifest = true;
	entry->has_index = is_index;
	if (is_index) {
		entry->index = entry->manifest;
		entry->manifest = chosen;
		if ((rc = read_by_digest(repo, &chosen, &text, err)) < 0)
			return rc;
	}
	return kb_oci_config_of(entry->reference, text.data, text.len, &entry->config, err);
}

/* ---- copying ---- */

struct watch {
	const struct kb_progress *progress;
	const char *what, *dir;
	uint64_t total;
};

static int report(void *ctx)
{
	const struct watch *w = ctx;
	uint64_t done = 0;
	struct dirent *de;
	struct stat st;
	DIR *d = opendir(w->dir);

	while (d && (de = readdir(d)))
		if (fstatat(dirfd(d), de->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(st.st_mode))
			done += (uint64_t)st.st_size;
	if (d)
		closedir(d);
	return kb_progress_step(w->progress, w->what, done < w->total ? done : w->total - 1,
				w->total);
}

static uint64_t total_size(const char *name, const struct kb_buf *manifest)
{
	kb_autovalue struct kb_value *root = NULL;
	const struct kb_value *layers;
	uint64_t total = 1;

	if (kb_json_parse(name, manifest->data, manifest->len, &root, NULL) < 0)
		return total;
	layers = kb_value_kind(root) == KB_VALUE_MAP ? kb_value_get(root, "layers") : NULL;
	for (size_t i = 0; layers && i < kb_value_count(layers); i++)
		total += kb_json_member_u64(kb_value_at(layers, i), "size");
	return total;
}

int kb_registry_copy(const struct kb_lock_entry *entry, const char *dir,
		     const struct kb_progress *progress, struct kb_err *err)
{
	kb_autofree char *repo = repository(entry->reference);
	kb_autofree char *from =
		kb_format("docker://%s@sha256:%s", repo, kb_digest_hex(&entry->manifest));
	kb_autofree char *to = kb_format("dir:%s", dir);
	kb_autofree char *old_name = kb_format("%s/manifest.json", dir);
	kb_autofree char *new_name = kb_format("%s/%s", dir, kb_digest_hex(&entry->manifest));
	kb_autofree char *what = kb_format("image %s", entry->name);
	kb_autobuf struct kb_buf manifest = KB_BUF_INIT;
	struct watch watch = {.progress = progress, .what = what, .dir = dir};
	const char *argv[] = {"skopeo",
			      "copy",
			      "--quiet",
			      "--retry-times",
			      "2",
			      "--preserve-digests",
			      from,
			      to,
			      tls_option(repo, "--src-tls-verify=false"),
			      NULL};
	const struct kb_run run = {.argv = argv, .network = true, .tick = report, .ctx = &watch};
	int rc = read_by_digest(repo, &entry->manifest, &manifest, err);

	if (rc < 0)
		return rc;
	watch.total = total_size(from, &manifest);
	rc = kb_run(&run, NULL, err);
	if (rc < 0)
		return kb_err_wrap(err, "copy %s", entry->reference);
	if (rename(old_name, new_name) < 0)
		return kb_err_errno(err, KB_E_DEPENDENCY, "skopeo left no %s", old_name);
	return 0;
}
