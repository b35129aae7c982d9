#include "builder/pinned_lock.h"

#include <stdlib.h>
#include <string.h>

#include "builder/lock_fields.h"
#include "builder/lock_file.h"
#include "core/file.h"

void kb_pinned_lock_free(struct kb_pinned_lock *lock)
{
	for (size_t i = 0; lock && i < lock->n; i++) {
		free(lock->v[i].name);
		free(lock->v[i].licence);
	}
	if (lock)
		free(lock->v);
	free(lock);
}

void kb_pinned_lock_cleanup(struct kb_pinned_lock **lock)
{
	kb_pinned_lock_free(*lock);
}

static const struct kb_pinned_entry *find(const struct kb_pinned_lock *lock, const char *name)
{
	for (size_t i = 0; i < lock->n; i++)
		if (strcmp(lock->v[i].name, name) == 0)
			return &lock->v[i];
	return NULL;
}

const struct kb_pinned_entry *kb_pinned_lock_find(const struct kb_pinned_lock *lock,
						  const char *name)
{
	return lock ? find(lock, name) : NULL;
}

void kb_pinned_lock_put(struct kb_pinned_lock *lock, const char *name, const char *licence,
			const struct kb_digest *inputs, const struct kb_digest *sha256)
{
	lock->v = kb_realloc(lock->v, lock->n + 1, sizeof(*lock->v));
	lock->v[lock->n++] =
		(struct kb_pinned_entry){kb_strdup(name), *inputs, *sha256, kb_strdup(licence), 0};
}

void kb_pinned_inputs(const struct kb_pinned *file, struct kb_digest *ret_inputs)
{
	kb_autofree char *text = kb_format("file 1\nurl %s\npath %s\nsha256 %s\nlicence %s\n",
					   file->url, file->path, file->sha256, file->licence);

	kb_digest_of(text, strlen(text), ret_inputs);
}

void kb_pinned_lock_compare(const struct kb_pinned_lock *lock, const struct kb_site *site,
			    struct kb_diag *diag)
{
	kb_autofree char *file = kb_format("%s/" KB_PINNED_LOCK_FILE, site->dir);

	for (size_t i = 0; i < site->pinned->n; i++) {
		const struct kb_pinned *pinned = &site->pinned->v[i];
		const struct kb_pinned_entry *locked = find(lock, pinned->name);
		struct kb_digest inputs;

		kb_pinned_inputs(pinned, &inputs);
		if (locked && kb_digest_eq(&inputs, &locked->inputs))
			continue;
		kb_diag_add(diag, pinned->pos.file, pinned->pos.line, pinned->pos.column,
			    "file %s %s; run: keybuzz-bundle lock", pinned->name,
			    locked ? "was changed after it was locked" : "is not locked");
	}
	for (size_t i = 0; i < lock->n; i++)
		if (!kb_pinned_find(site->pinned, lock->v[i].name))
			kb_diag_add(diag, file, lock->v[i].line, 3,
				    "file %s is locked but not in " KB_PINNED_FILE
				    "; run: keybuzz-bundle lock",
				    lock->v[i].name);
}

void kb_pinned_lock_text(const struct kb_pinned_lock *lock, struct kb_buf *buf)
{
	kb_buf_puts(buf, "# What the files of files.yaml were. Written by `keybuzz-bundle lock`:\n"
			 "# review it and commit it with a release, but change files.yaml, not "
			 "this.\n");
	kb_buf_printf(buf, "files:%s\n", lock->n ? "" : " {}");
	for (size_t i = 0; i < lock->n; i++) {
		kb_buf_printf(buf, "  %s:\n    inputs: %s\n", lock->v[i].name,
			      kb_digest_hex(&lock->v[i].inputs));
		kb_buf_printf(buf, "    sha256: %s\n", kb_digest_hex(&lock->v[i].sha256));
		kb_lock_add_quoted(buf, "    ", "licence", lock->v[i].licence);
	}
}

int kb_pinned_lock_save(const struct kb_pinned_lock *lock, const struct kb_site *site,
			struct kb_err *err)
{
	kb_autofree char *dir = kb_format("%s/lock", site->dir);
	kb_autofree char *path = kb_format("%s/" KB_PINNED_LOCK_FILE, site->dir);
	kb_autobuf struct kb_buf text = KB_BUF_INIT;
	int rc = kb_mkdirs(dir, 0755, err);

	if (rc < 0)
		return rc;
	kb_pinned_lock_text(lock, &text);
	return kb_file_replace(path, text.data, text.len, 0644, err);
}

/* ---- reading ---- */

static void read_entry(const struct kb_schema *in, const struct kb_yaml_member *m,
		       struct kb_pinned_lock *lock)
{
	struct kb_digest inputs = {{0}}, sha256 = {{0}};
	kb_autofree char *licence = NULL;
	struct kb_schema_map map;

	kb_schema_open(in, m->value, "file", &map);
	kb_lock_take_digest(&map, "inputs", &inputs);
	kb_lock_take_digest(&map, "sha256", &sha256);
	licence = kb_schema_word(&map, "licence", NULL, kb_pinned_is_licence,
				 "an SPDX licence expression, or NOASSERTION");
	kb_schema_close(&map);
	if (lock->n && strcmp(lock->v[lock->n - 1].name, m->key) >= 0)
		kb_diag_add(in->diag, in->file, m->line, m->column,
			    "%.100s is out of order; remove the file and run: keybuzz-bundle lock",
			    m->key);
	kb_pinned_lock_put(lock, m->key, licence, &inputs, &sha256);
	lock->v[lock->n - 1].line = m->line;
}

static void read_lock(void *ctx, const struct kb_schema *in, const struct kb_yaml_node *root)
{
	struct kb_pinned_lock *lock = ctx;
	struct kb_schema_map map, files;

	kb_schema_open(in, root, "the lock", &map);
	if (kb_schema_open(in, kb_schema_need(&map, "files"), "files", &files)) {
		for (size_t i = 0; i < files.node->n; i++) {
			files.taken[i] = true;
			read_entry(in, &files.node->members[i], lock);
		}
	}
	kb_schema_close(&files);
	kb_schema_close(&map);
}

int kb_pinned_lock_load(const struct kb_site *site, struct kb_pinned_lock **ret_lock,
			struct kb_err *err)
{
	kb_autopinnedlock struct kb_pinned_lock *lock = kb_alloc(1, sizeof(*lock));
	int rc = kb_lock_file_read(site, KB_PINNED_LOCK_FILE, read_lock, lock, err);

	if (rc == 0)
		*ret_lock = kb_steal(lock);
	return rc;
}
