/* lock/images.yaml, written by a tool and kept by people: what is accepted is
 * written again to a text that reads as the same lock. */
#include "tests/fuzz/fuzz.h"

#include "builder/lock_fields.h"
#include "core/name.h"

static bool parse(const char *text, size_t len, struct kb_lock *lock)
{
	kb_autodiag struct kb_diag diag = KB_DIAG_INIT;
	kb_autoyaml struct kb_yaml *yaml = NULL;
	struct kb_schema in = {"f", &diag};

	if (kb_yaml_parse("f", text, len, &diag, &yaml, NULL) < 0)
		return false;
	kb_lock_take_all(lock, &in, kb_yaml_root(yaml));
	return kb_diag_count(&diag) == 0;
}

static void check_debs(const struct kb_debs *debs)
{
	for (size_t i = 0; i < debs->n; i++) {
		KB_MUST(kb_name_check_relative(debs->v[i].path, NULL) == 0);
		KB_MUST(debs->v[i].name[0] != '-' && debs->v[i].version[0] != '-');
		KB_MUST(i == 0 || strcmp(debs->v[i - 1].name, debs->v[i].name) < 0);
	}
}

static void check(const struct kb_lock *lock)
{
	kb_autolock struct kb_lock *again = kb_alloc(1, sizeof(*again));
	kb_autobuf struct kb_buf once = KB_BUF_INIT, twice = KB_BUF_INIT;

	for (size_t i = 0; i < lock->n; i++) {
		const struct kb_lock_entry *e = &lock->entries[i];

		KB_MUST(kb_name_check_id(e->name, NULL) == 0 && kb_lock_find(lock, e->name) == e);
		KB_MUST(i == 0 || strcmp(lock->entries[i - 1].name, e->name) < 0);
		check_debs(&e->base);
		check_debs(&e->packages);
	}
	kb_lock_text(lock, &once);
	KB_MUST(parse(once.data, once.len, again));
	kb_lock_text(again, &twice);
	KB_MUST(once.len == twice.len && memcmp(once.data, twice.data, once.len) == 0);
}

KB_FUZZ(lock)
{
	kb_autolock struct kb_lock *lock = kb_alloc(1, sizeof(*lock));

	if (parse((const char *)data, len, lock))
		check(lock);
	return 0;
}
