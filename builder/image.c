#include "builder/image.h"

#include <stdlib.h>
#include <string.h>

#include "builder/image_record.h"

void kb_image_content_free(struct kb_image_content *content)
{
	free(content->origin);
	free(content->layers);
	free(content->sizes);
	memset(content, 0, sizeof(*content));
}

/* Everything the record names is there, in the named size. */
static int check_blobs(struct kb_store *store, const struct kb_image_content *c, struct kb_err *err)
{
	uint64_t size;

	if (!kb_store_has(store, &c->config, NULL))
		return kb_err_set(err, KB_E_MISSING, "its config sha256:%s is not in the store",
				  kb_digest_hex(&c->config));
	for (size_t i = 0; i < c->n_layers; i++)
		if (!kb_store_has(store, &c->layers[i], &size) || size != c->sizes[i])
			return kb_err_set(err, KB_E_MISSING,
					  "its layer sha256:%s is not in the store entire",
					  kb_digest_hex(&c->layers[i]));
	return 0;
}

int kb_image_resolve(const struct kb_lock *lock, struct kb_store *store,
		     const struct kb_image_source *source, struct kb_image_content *ret_content,
		     struct kb_err *err)
{
	const struct kb_lock_entry *entry = kb_lock_find(lock, source->name);
	struct kb_image_content content = {0};
	struct kb_digest key;
	struct kb_err why;
	int rc;

	if (!entry)
		return kb_err_set(err, KB_E_MISSING,
				  "image %s is not locked; run: keybuzz-bundle lock", source->name);
	kb_image_record_key(entry, source, lock->arch, &key);
	rc = kb_image_record_get(store, &key, &content, &why);
	if (rc == KB_E_MISSING)
		return kb_err_set(err, KB_E_MISSING,
				  "image %s is not in the store %s; run: keybuzz-bundle fetch",
				  source->name, kb_store_dir(store));
	if (rc == 0)
		rc = check_blobs(store, &content, &why);
	if (rc < 0) {
		kb_image_content_free(&content);
		return kb_err_set(err, rc, "image %s: %s; run: keybuzz-bundle fetch", source->name,
				  why.text);
	}
	*ret_content = content;
	return 0;
}
