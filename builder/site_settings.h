/* site.yaml and the inventory it names. */
#ifndef BUILDER_SITE_SETTINGS_H
#define BUILDER_SITE_SETTINGS_H

#include "builder/site_load.h"

void kb_site_settings_load(struct kb_site_load *l);
void kb_site_settings_free(struct kb_site *site);

bool kb_site_settings_is_mirror(const char *text);
/* Dotted numbers. */
int kb_site_settings_version_cmp(const char *a, const char *b);

#endif
