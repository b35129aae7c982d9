/* OS packages on the host: what dpkg says is installed, what the bundle
 * carries for this release of the system, and the distribution's own package
 * manager with nothing in sight but that.
 *
 * The package manager gets a configuration of its own: one local source, no
 * other list, no preferences, no hooks, every method that could reach a
 * network switched off. Its database, locks and logs are the host's.
 */
#ifndef STUB_PACKAGES_H
#define STUB_PACKAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "core/mem.h"
#include "stub/problems.h"

struct kb_manifest;
struct kb_plan;
struct kb_plan_item;
struct kb_scene;
struct kb_step;

/* ---- packages_status.c: dpkg's database, read and never written ---- */

struct kb_dpkg_package {
	char *name, *version;
	bool installed; /* unpacked, configured, and nothing is left to do */
};

struct kb_dpkg {
	struct kb_dpkg_package *v; /* sorted by name */
	size_t n, cap;
	char *unfinished; /* a package dpkg was interrupted at, or "a change"; NULL: none */
};

/* TEXT is /var/lib/dpkg/status. Packages of other machines than ARCH are passed
 * over; NULL is any. What is not a status file is KB_E_DEPENDENCY. */
int kb_dpkg_parse(const char *text, size_t len, const char *arch, struct kb_dpkg *ret_db,
		  struct kb_err *err);
int kb_dpkg_read(int rootfd, const char *arch, struct kb_dpkg *ret_db, struct kb_err *err);
void kb_dpkg_free(struct kb_dpkg *db);
#define kb_autodpkg __attribute__((cleanup(kb_dpkg_free)))

/* NULL when dpkg knows nothing of it. */
const struct kb_dpkg_package *kb_dpkg_find(const struct kb_dpkg *db, const char *name);

/* Installed in VERSION or a later one. */
bool kb_dpkg_has(const struct kb_dpkg *db, const char *name, const char *version);

/* Another package manager at work is KB_E_BUSY. */
int kb_dpkg_check_lock(int rootfd, struct kb_err *err);

/* ---- packages_plan.c: what one step has to do ---- */

struct kb_package_plan {
	char *release;                     /* "debian-13" */
	const struct kb_package **carried; /* for it, sorted by name */
	size_t n_carried;
	bool *missing;      /* by carried: not installed, or older */
	const char **names; /* that the step asks for and that are missing */
	size_t n_names, n_asked;
	const char **removable; /* that are installed, and may go if apt says so */
	size_t n_removable;
	bool unfinished;            /* dpkg was interrupted: that is ended first */
	bool held;                  /* services still are, by an interrupted install */
	uint64_t staged, installed; /* bytes: of the files, and once unpacked */
	size_t n_staged;
};

/* Look at the host, with the manifest alone: how much there is to do is not
 * measured. KB_E_TARGET: the step has nothing for this release. */
int kb_package_plan_look(int rootfd, const struct kb_manifest *m, const struct kb_step *step,
			 struct kb_package_plan **ret_plan, struct kb_err *err);
/* The same, measured. */
int kb_package_plan_make(struct kb_scene *scene, const struct kb_plan_item *item,
			 struct kb_package_plan **ret_plan, struct kb_err *err);
void kb_package_plan_free(struct kb_package_plan *plan); /* NULL is fine */

/* The first of the names that is not installed by now; NULL: all are. */
int kb_package_plan_verify(const struct kb_scene *scene, const struct kb_package_plan *plan,
			   struct kb_err *err);

/* ---- packages_apt.c ---- */

/* Ask the package manager whether every packages step of PLAN can be done, in
 * a folder below /run that is gone afterwards; nothing is changed. */
void kb_packages_precheck(struct kb_scene *scene, struct kb_plan *plan,
			  struct kb_problems *problems);

/* Stage, end what was interrupted, try, do, look again. */
int kb_packages_install(struct kb_scene *scene, const struct kb_plan_item *item,
			struct kb_err *err);

/* What a simulation says, for tests: 0 when all it would do is to install
 * packages that are carried, in the versions that are; KB_E_DEPENDENCY names
 * what else it would do. */
int kb_packages_judge(const struct kb_package_plan *plan, const char *text, struct kb_err *err);
/* Why it refuses, in its own words. */
void kb_packages_reason(const char *text, char *out, size_t cap);

#endif
