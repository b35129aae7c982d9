/* A small good site in a scratch folder, for tests that change one thing in it and
 * compare all findings. */
#ifndef TESTS_UNIT_SMALL_SITE_H
#define TESTS_UNIT_SMALL_SITE_H

#include "tests/unit/unit.h"

#include "builder/site.h"

#define GOOD_SITE                                                                       \
	"product: keybuzz\nversion: \"1.0.0\"\nchannel: stable\nepoch: 1\ncounter: 2\n" \
	"arch: x86_64\nnetwork: 10.0.0.0/16\nmirror: http://deb.debian.org/debian\n"    \
	"os:\n  - {id: debian, min: \"12\", max: \"13\"}\n"                             \
	"variables:\n  region: no\n  list:\n    - {name: a, size: 1}\n    - {name: b}\n"

#define GOOD_COLUMNS                                                                          \
	"ENV\tIP_PUBLIQUE\tHOSTNAME\tIP_PRIVEE\tFQDN\tUSER_SSH\tPOOL\tROLE\tSUBROLE\tDOCKER_" \
	"STACK\t"                                                                             \
	"CORE\tNOTES\n"
#define GOOD_HOST(name, ip, role) \
	"prod\t\t" name "\t" ip "\t\troot\t\t" role "\tmaster\t" role "-docker\tyes\t\n"

#define GOOD_IMAGES                                                                           \
	"images:\n  redis:\n    tag: keybuzz/redis:8.0.2\n    debian:\n      suite: trixie\n" \
	"      packages: [redis-server]\n"

#define GOOD_ROLE                                                               \
	"role: redis\nsummary: Redis\nselect: {role: redis}\nimages: [redis]\n" \
	"credentials:\n  redis: [REDIS_PASSWORD]\nvariables: {port: 6379}\n"
#define GOOD_CREDENTIALS "credentials:\n  redis:\n    REDIS_PASSWORD: {secret: 32}\n"
#define GOOD_STEPS       "steps:\n  - {id: data, directory: /opt/keybuzz/redis, owner: \"999:999\"}\n"

/* Begin with a site without a fault, or with folders that are empty. */
void site_new(void);
void site_new_empty(void);

/* Write a file; PATH begins with manifests/ or payload/. */
void site_put(const char *path, const char *text);
void site_put_n(const char *path, const char *text, size_t len);

/* Where it lies. The caller frees it. */
char *site_path(const char *path);

/* Read the site: the findings, one "FILE:LINE:COLUMN: TEXT" per line, which the caller
 * frees. RET_SITE may be NULL; the model is the caller's too. */
char *site_read(struct kb_site **ret_site, int *ret_code);

/* These are the findings, no more and no fewer. */
void site_expect(const char *wanted);
void site_expect_role(const char *text, const char *wanted);

#endif
