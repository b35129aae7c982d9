#include "builder/layer_diff.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool same(const struct kb_tree_entry *a, const struct kb_tree_entry *b)
{
	if (a->mode != b->mode || a->uid != b->uid || a->gid != b->gid || a->mtime != b->mtime ||
	    a->size != b->size || a->n_caps != b->n_caps)
		return false;
	if (a->n_caps && memcmp(a->caps, b->caps, a->n_caps) != 0)
		return false;
	if (a->target && strcmp(a->target, b->target) != 0)
		return false;
	return !a->size || kb_digest_eq(&a->content, &b->content);
}

/* The folders above PATH, so that the layer says what they look like. */
static void choose_parents(const struct kb_tree *full, const char *path, bool *chosen)
{
	kb_autofree char *parent = kb_strdup(path);
	char *slash;

	while ((slash = strrchr(parent, '/'))) {
		const struct kb_tree_entry *e;

		*slash = '\0';
		e = kb_tree_find(full, parent);
		if (e)
			chosen[e - full->entries] = true;
	}
}

/* Is what holds PATH still a folder? If not, its end is told further up. */
static bool parent_stays(const struct kb_tree *full, const char *path)
{
	const char *slash = strrchr(path, '/');
	kb_autofree char *parent = NULL;
	const struct kb_tree_entry *e;

	if (!slash)
		return true;
	parent = kb_strndup(path, (size_t)(slash - path));
	e = kb_tree_find(full, parent);
	return e && (e->mode & S_IFMT) == S_IFDIR;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

struct whiteouts {
	char **v;
	size_t n, cap;
};

static void free_whiteouts(struct whiteouts *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->v[i]);
	free(w->v);
}

static void find_removed(const struct kb_tree *base, const struct kb_tree *full, bool *chosen,
			 struct whiteouts *w)
{
	for (size_t i = 0; i < base->n; i++) {
		const char *path = base->entries[i].path, *slash = strrchr(path, '/');
		int folder = slash ? (int)(slash - path + 1) : 0;

		if (kb_tree_find(full, path) || !parent_stays(full, path))
			continue;
		w->v = kb_grow(w->v, w->n, &w->cap, sizeof(*w->v));
		w->v[w->n++] = kb_format("%.*s.wh.%s", folder, path, path + folder);
		choose_parents(full, path, chosen);
	}
	if (w->n)
		qsort(w->v, w->n, sizeof(*w->v), by_text);
}

int kb_layer_diff(const struct kb_tree *base, const struct kb_tree *full, struct kb_store *store,
		  struct kb_digest *ret_layer, uint64_t *ret_size, struct kb_err *err)
{
	struct whiteouts w __attribute__((cleanup(free_whiteouts))) = {NULL, 0, 0};
	kb_autofree bool *chosen = kb_alloc(full->n, sizeof(*chosen));
	bool any = false;

	for (size_t i = 0; i < full->n; i++) {
		const struct kb_tree_entry *e = &full->entries[i];
		const struct kb_tree_entry *below = kb_tree_find(base, e->path);

		if (below && same(below, e))
			continue;
		any = chosen[i] = true;
		choose_parents(full, e->path, chosen);
	}
	find_removed(base, full, chosen, &w);
	if (!any && !w.n) {
		*ret_size = 0;
		return 0;
	}
	return kb_tree_write(full, chosen, w.v, w.n, store, ret_layer, ret_size, err);
}
