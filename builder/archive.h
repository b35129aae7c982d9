/* An image in a tar file: `docker save`, `podman save`, `skopeo copy` or an
 * OCI layout packed up, itself plain or compressed by gzip or zstd.
 *
 * The file is not trusted. It is walked once to learn what is inside, and any
 * of this refuses it: a name that is absolute or leads upwards, a device,
 * FIFO or other special entry (KB_E_PATH); a name twice, a link that leads
 * nowhere, sparse data, a header that libarchive finds fault with
 * (KB_E_INVALID); an end before the end (KB_E_DAMAGED). Entries that no
 * document names are allowed and never read: every writer adds some. Contents
 * are streamed to where they go; nothing is unpacked by name.
 */
#ifndef BUILDER_ARCHIVE_H
#define BUILDER_ARCHIVE_H

#include "builder/oci.h"

#define KB_ARCHIVE_ENTRIES_MAX 100000

struct kb_archive;

/* FD stays the caller's and must be a regular file; NAME is for messages. */
int kb_archive_open(int fd, const char *name, struct kb_archive **ret_archive, struct kb_err *err);
void kb_archive_close(struct kb_archive *archive); /* NULL is fine */

#define kb_autoarchive __attribute__((cleanup(kb_archive_cleanup)))
void kb_archive_cleanup(struct kb_archive **archive);

void kb_archive_source(struct kb_archive *archive, struct kb_oci_source *ret_source);

#endif
