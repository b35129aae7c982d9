/* dpkg's status file: a database that is accepted is in order, and what is
 * called installed is found by its own name in its own version. */
#include "tests/fuzz/fuzz.h"

#include "core/mem.h"
#include "stub/packages.h"

/* A fuzzer finds out any word that is looked for: it may be there. */
static void look_for(const struct kb_dpkg *db, const char *name)
{
	const struct kb_dpkg_package *found = kb_dpkg_find(db, name);

	KB_MUST(!found || strcmp(found->name, name) == 0);
}

static void look(const uint8_t *data, size_t len, const char *arch)
{
	kb_autodpkg struct kb_dpkg db = {.v = NULL};

	if (kb_dpkg_parse((const char *)data, len, arch, &db, NULL) < 0)
		return;
	for (size_t i = 0; i < db.n; i++) {
		KB_MUST(i == 0 || strcmp(db.v[i - 1].name, db.v[i].name) <= 0);
		KB_MUST(kb_dpkg_find(&db, db.v[i].name) != NULL);
		if (db.v[i].installed && (i == 0 || strcmp(db.v[i - 1].name, db.v[i].name) != 0) &&
		    (i + 1 == db.n || strcmp(db.v[i + 1].name, db.v[i].name) != 0))
			KB_MUST(kb_dpkg_has(&db, db.v[i].name, db.v[i].version));
	}
	look_for(&db, "no package has this name");
}

KB_FUZZ(dpkg)
{
	look(data, len, NULL);
	look(data, len, "amd64");
	return 0;
}
