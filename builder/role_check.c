#include "builder/role.h"

#include "core/format.h"
#include "core/name.h"

static size_t count_values(const struct kb_value *value)
{
	size_t n = 1;

	for (size_t i = 0; i < kb_value_count(value); i++)
		n += count_values(kb_value_at(value, i));
	return n;
}

static void check_files(struct kb_site_load *l, const struct kb_role *role)
{
	kb_autofree struct kb_name_entry *entries = kb_alloc(role->files.n, sizeof(*entries));
	struct kb_err err;

	for (size_t i = 0; i < role->files.n; i++)
		entries[i].path = role->files.v[i];
	if (kb_name_conflict(entries, role->files.n, &err) < 0)
		kb_diag_add(l->diag, role->file, 0, 0, "files: %s", err.text);
}

void kb_role_check(struct kb_site_load *l, const struct kb_role *role)
{
	const struct {
		const char *what;
		size_t n, max;
	} counts[] = {
		{"ports", role->n_ports, KB_LIST_MAX},
		{"credentials", role->n_credentials, KB_LIST_MAX},
		{"images", role->images.n, KB_IMAGES_MAX},
		{"files", role->files.n + 1, KB_FILES_MAX}, /* and the inventory */
		{"steps of all phases", role->n_steps, KB_STEPS_MAX},
		{"variables", count_values(role->variables), KB_VALUES_MAX},
	};

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		if (counts[i].n > counts[i].max)
			kb_diag_add(l->diag, role->file, 0, 0, "%s: %zu, at most %zu",
				    counts[i].what, counts[i].n, counts[i].max);
	for (size_t i = 0; i < role->n_steps; i++)
		if (role->steps[i].n_args > KB_LIST_MAX || role->steps[i].n_watch > KB_LIST_MAX)
			kb_diag_add(l->diag, role->file, 0, 0, "step %s: a list of more than %d",
				    role->steps[i].id, KB_LIST_MAX);
	check_files(l, role);
}
