/* Licences as SPDX expressions, from what distributions write about their
 * packages. A licence without an SPDX name becomes LicenseRef-NAME. What is
 * not machine-readable gives NULL, which an SBOM calls NOASSERTION: nothing is
 * guessed. The input is not trusted.
 */
#ifndef BUILDER_SBOM_LICENCE_H
#define BUILDER_SBOM_LICENCE_H

#include <stddef.h>

#define KB_LICENCE_REF "LicenseRef-"

/* debian/copyright, format 1.0: the licences of all its files, joined by AND.
 * The caller frees. */
char *kb_sbom_licence_debian(const char *text, size_t len);

/* The L: line of an apk database. The caller frees. */
char *kb_sbom_licence_apk(const char *line);

#endif
