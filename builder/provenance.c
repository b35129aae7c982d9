#include "builder/provenance.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "builder/pack.h"
#include "builder/provenance_libraries.h"
#include "builder/run.h"
#include "builder/sbom_packages.h"
#include "builder/written.h"
#include "core/bundle.h"
#include "core/file.h"
#include "core/json.h"

#define STATEMENT  "https://in-toto.io/Statement/v1"
#define PREDICATE  "https://slsa.dev/provenance/v1"
#define BUILD_TYPE "urn:keybuzz:bundle-build:v1"
#define BUILDER_ID "urn:keybuzz:keybuzz-bundle"

struct statement {
	const struct kb_provenance *p;
	const char *dir;
	const struct kb_manifest *any; /* one that was built: what all have in common */
	struct kb_json j;
	struct kb_err *err;
};

static void digest_of(struct kb_json *j, const char *algorithm, const char *hex)
{
	kb_json_key(j, "digest");
	kb_json_object(j);
	kb_json_key_text(j, algorithm, hex);
	kb_json_object_end(j);
}

/* ---- subjects ---- */

/* Is the file a bundle of this very release, built as those of now are? */
static bool is_of_release(const struct statement *s, const char *path)
{
	struct kb_trust trust = {.keys = {*s->p->signer}, .n = 1};
	struct kb_bundle *bundle = NULL;
	const struct kb_manifest *m;
	struct kb_err ignored;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	bool same;

	if (fd < 0 || kb_bundle_open(fd, path, &trust, &bundle, &ignored) < 0)
		return false;
	m = kb_bundle_manifest(bundle);
	same = kb_digest_eq(&m->release_set, &s->any->release_set) &&
	       kb_digest_eq(&m->stub, &s->any->stub) && m->level == s->any->level &&
	       strcmp(m->zstd, s->any->zstd) == 0 && strcmp(m->builder, s->any->builder) == 0;
	kb_bundle_close(bundle);
	return same;
}

static int add_subjects(struct statement *s)
{
	const struct kb_provenance *p = s->p;

	kb_json_key(&s->j, "subject");
	kb_json_array(&s->j);
	for (size_t i = 0; i < p->site->n_roles; i++) {
		const struct kb_manifest *m = p->manifests[i];
		kb_autofree char *name = kb_format("%s-%s.run", m->product, m->role);
		kb_autofree char *path = kb_format("%s/%s", s->dir, name);
		struct kb_digest digest;
		int rc;

		if (!p->built[i] && !is_of_release(s, path))
			continue;
		rc = kb_written_digest(p->store, p->signer, path, &digest, s->err);
		if (rc < 0)
			return rc;
		kb_json_object(&s->j);
		kb_json_key_text(&s->j, "name", name);
		digest_of(&s->j, "sha256", kb_digest_hex(&digest));
		kb_json_object_end(&s->j);
	}
	kb_json_array_end(&s->j);
	return 0;
}

/* ---- what it was made from ---- */

static void add_material(struct statement *s, const char *name, const char *uri,
			 const struct kb_digest *sha256)
{
	kb_json_object(&s->j);
	kb_json_key_text(&s->j, "name", name);
	if (uri)
		kb_json_key_text(&s->j, "uri", uri);
	if (sha256)
		digest_of(&s->j, "sha256", kb_digest_hex(sha256));
	kb_json_object_end(&s->j);
}

static int is_yaml(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > 5 && entry->d_name[0] != '.' && !strcmp(entry->d_name + len - 5, ".yaml");
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int add_locks(struct statement *s)
{
	kb_autofree char *folder = kb_format("%s/lock", s->p->site->dir);
	struct dirent **names = NULL;
	int n = scandir(folder, &names, is_yaml, by_bytes), rc = 0;

	if (n < 0)
		return kb_err_errno(s->err, KB_E_IO, "%s", folder);
	for (int i = 0; i < n; i++) {
		kb_autofree char *path = kb_format("%s/%s", folder, names[i]->d_name);
		kb_autofree char *name = kb_format("lock/%s", names[i]->d_name);
		struct kb_digest digest;

		if (rc == 0)
			rc = kb_written_digest(s->p->store, s->p->signer, path, &digest, s->err);
		if (rc == 0)
			add_material(s, name, NULL, &digest);
		free(names[i]);
	}
	free(names);
	return rc;
}

static void add_libraries(struct statement *s)
{
	const struct kb_library *libraries;
	size_t n = kb_libraries(&libraries);

	for (size_t i = 0; i < n; i++) {
		kb_autobuf struct kb_buf uri = KB_BUF_INIT;

		kb_buf_printf(&uri, "pkg:deb/debian/%s@", libraries[i].name);
		kb_purl_encode(&uri, libraries[i].version);
		kb_buf_printf(&uri, "?arch=%s", libraries[i].arch);
		add_material(s, libraries[i].name, uri.data, NULL);
	}
}

/* What git says in the site's folder; false where it has nothing to say. */
static bool ask_git(const char *dir, const char *const *words, struct kb_buf *out)
{
	static const int allowed[] = {1, 128, 129, 0};
	const char *argv[16] = {"git", "--no-optional-locks",  "-C", dir,
				"-c",  "core.fsmonitor=false", "-c", "core.quotePath=true"};
	const struct kb_run run = {
		.argv = argv, .out = out, .out_max = 1 << 20, .allowed = allowed};
	kb_autofree char *path = NULL;
	struct kb_err ignored;
	int status = -1;

	for (size_t i = 0; i < 7 && words[i]; i++)
		argv[8 + i] = words[i];
	return kb_run_find("git", &path, &ignored) == 0 && kb_run(&run, &status, &ignored) == 0 &&
	       status == 0;
}

static void add_commit(struct statement *s)
{
	static const char *const head[] = {"rev-parse", "--verify", "--quiet", "HEAD", NULL};
	static const char *const changes[] = {"status", "--porcelain", "--",
					      ".",      "../payload",  NULL};
	kb_autobuf struct kb_buf commit = KB_BUF_INIT, changed = KB_BUF_INIT;
	size_t len = 0;

	if (!ask_git(s->p->site->dir, head, &commit))
		return;
	while (len < commit.len && isxdigit((unsigned char)commit.data[len]))
		len++;
	if (len != 40 && len != 64)
		return;
	commit.data[len] = '\0';
	kb_json_object(&s->j);
	kb_json_key_text(&s->j, "name", "site");
	digest_of(&s->j, "gitCommit", commit.data);
	if (ask_git(s->p->site->dir, changes, &changed)) {
		kb_json_key(&s->j, "annotations");
		kb_json_object(&s->j);
		kb_json_key_bool(&s->j, "modified", changed.len > 0);
		kb_json_object_end(&s->j);
	}
	kb_json_object_end(&s->j);
}

static int add_materials(struct statement *s)
{
	kb_autofree char *zstd = kb_format("pkg:generic/zstd@%s", s->any->zstd);
	int rc;

	kb_json_key(&s->j, "resolvedDependencies");
	kb_json_array(&s->j);
	if ((rc = add_locks(s)) < 0)
		return rc;
	add_commit(s);
	add_material(s, "keybuzz-run, padded", NULL, &s->any->stub);
	add_material(s, "zstd", zstd, NULL);
	add_libraries(s);
	kb_json_array_end(&s->j);
	return 0;
}

/* ---- the rest ---- */

static void add_parameters(struct statement *s)
{
	const struct kb_site *site = s->p->site;
	struct kb_json *j = &s->j;

	kb_json_key_text(j, "buildType", BUILD_TYPE);
	kb_json_key(j, "externalParameters");
	kb_json_object(j);
	kb_json_key_text(j, "product", site->product);
	kb_json_key_text(j, "version", site->version);
	kb_json_key_text(j, "channel", site->channel);
	kb_json_key_text(j, "arch", site->arch);
	kb_json_key_u64(j, "epoch", site->epoch);
	kb_json_key_u64(j, "counter", site->counter);
	kb_json_key_u64(j, "level", s->any->level);
	kb_json_object_end(j);
}

static void add_details(struct statement *s)
{
	struct kb_json *j = &s->j;

	kb_json_key(j, "runDetails");
	kb_json_object(j);
	kb_json_key(j, "builder");
	kb_json_object(j);
	kb_json_key_text(j, "id", BUILDER_ID);
	kb_json_key(j, "version");
	kb_json_object(j);
	kb_json_key_text(j, "keybuzz-bundle", KB_VERSION);
	kb_json_object_end(j);
	kb_json_object_end(j);
	kb_json_key(j, "metadata");
	kb_json_object(j);
	kb_json_key_text(j, "invocationId", kb_digest_hex(&s->any->release_set));
	kb_json_object_end(j);
	kb_json_object_end(j);
}

static int compose(struct statement *s, struct kb_buf *out)
{
	int rc;

	kb_json_init(&s->j, out);
	kb_json_object(&s->j);
	kb_json_key_text(&s->j, "_type", STATEMENT);
	if ((rc = add_subjects(s)) < 0)
		return rc;
	kb_json_key_text(&s->j, "predicateType", PREDICATE);
	kb_json_key(&s->j, "predicate");
	kb_json_object(&s->j);
	kb_json_key(&s->j, "buildDefinition");
	kb_json_object(&s->j);
	add_parameters(s);
	if ((rc = add_materials(s)) < 0)
		return rc;
	kb_json_object_end(&s->j);
	add_details(s);
	kb_json_object_end(&s->j);
	kb_json_object_end(&s->j);
	kb_json_finish(&s->j);
	kb_buf_putc(out, '\n');
	return 0;
}

int kb_provenance_write(const struct kb_provenance *p, const char *dir, struct kb_err *err)
{
	struct statement s = {.p = p, .dir = dir, .err = err};
	kb_autobuf struct kb_buf text = KB_BUF_INIT;
	kb_autofree char *path = kb_format("%s/" KB_PROVENANCE_FILE, dir);
	int rc;

	for (size_t i = 0; i < p->site->n_roles && !s.any; i++)
		s.any = p->built[i] ? p->manifests[i] : NULL;
	if (!s.any)
		return 0;
	rc = compose(&s, &text);
	return rc < 0 ? rc : kb_file_replace(path, text.data, text.len, 0644, err);
}
