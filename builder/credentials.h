/* credentials.yaml: every credential of the site, and how it is made. A role
 * names those that its hosts are given; with `credentials: journal` in
 * site.yaml they are given the whole files instead. */
#ifndef BUILDER_CREDENTIALS_H
#define BUILDER_CREDENTIALS_H

#include "builder/site_load.h"

#define KB_CREDENTIALS_FILE "credentials.yaml"

/* Fill the site's credentials, sorted; none where there is no file. */
void kb_site_credentials_take(struct kb_site_load *l, const struct kb_yaml_node *root);

/* The credential MODULE, VARIABLE of the site; NULL when it has none. */
const struct kb_credential *kb_site_credential(const struct kb_site *site, const char *module,
					       const char *variable);

#endif
