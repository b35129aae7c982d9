/* Hosts that were installed from an earlier point release: what every
 * installation has is there, but in an older version than the archive has
 * today. Where a carried package asks for more than the version the release
 * began with, the newer one is carried, too.
 */
#ifndef BUILDER_PACKAGES_OLDER_H
#define BUILDER_PACKAGES_OLDER_H

#include "builder/apt.h"

/* FULL is all that is needed, BASE of it what every host has in some version,
 * CARRIED (by FULL) what is carried; it is added to. */
int kb_packages_older(struct kb_apt *apt, const struct kb_debs *full, const struct kb_debs *base,
		      bool *carried, struct kb_err *err);

/* The same from the packages' paragraphs. */
void kb_packages_older_mark(const char *text, size_t len, const struct kb_debs *full,
			    const struct kb_debs *base, bool *carried);

#endif
