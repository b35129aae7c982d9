/* An image in a folder: an OCI layout, or what `skopeo copy .. dir:` writes
 * (blobs at the top). No symbolic link in it is followed. */
#ifndef BUILDER_OCI_FOLDER_H
#define BUILDER_OCI_FOLDER_H

#include "builder/oci.h"

struct kb_oci_folder {
	int fd;
	char *name;
};
#define KB_OCI_FOLDER_INIT \
	{                  \
		-1, NULL   \
	}
#define kb_autoocifolder __attribute__((cleanup(kb_oci_folder_close)))

/* PATH below DIRFD, or absolute with AT_FDCWD for a folder we made ourselves. */
int kb_oci_folder_open(struct kb_oci_folder *folder, int dirfd, const char *path,
		       struct kb_err *err);
void kb_oci_folder_close(struct kb_oci_folder *folder);

/* BLOBS is "blobs/sha256/" for a layout, "" for skopeo's folder. */
void kb_oci_folder_source(struct kb_oci_folder *folder, const char *blobs,
			  struct kb_oci_source *ret_source);

#endif
