/* MODULE.env in a folder of credentials: both are closed to everybody but
 * root, or refused. DIR is the folder's path, for messages. */
#ifndef STUB_CREDENTIAL_FILE_H
#define STUB_CREDENTIAL_FILE_H

#include "core/envfile.h"
#include "core/mem.h"

/* KB_E_MISSING when there is none; KB_E_ENVIRONMENT for its owner or mode. */
int kb_credential_folder_open(const char *dir, int *ret_fd, struct kb_err *err);

/* The file as it is, appended to RET_TEXT, which the caller wipes, and read. */
int kb_credential_file_read(int dirfd, const char *dir, const char *module, struct kb_buf *ret_text,
			    struct kb_envfile **ret_env, struct kb_err *err);

/* Entire and durable under its name, 0600, or not at all. */
int kb_credential_file_write(int dirfd, const char *module, const struct kb_buf *text,
			     struct kb_err *err);

#endif
