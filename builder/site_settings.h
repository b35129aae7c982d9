/* site.yaml and the inventory it names. */
#ifndef BUILDER_SITE_SETTINGS_H
#define BUILDER_SITE_SETTINGS_H

#include "builder/site_load.h"

#define KB_SITE_FILE "site.yaml"

void kb_site_settings_take(struct kb_site_load *l, const struct kb_yaml_node *root);
void kb_site_settings_free(struct kb_site *site);

bool kb_site_settings_is_mirror(const char *text);
/* Dotted numbers; what is none has some order, too: it is reported elsewhere. */
int kb_site_settings_version_cmp(const char *a, const char *b);

#endif
