/* Finding and reaching the engine's socket. */
#ifndef STUB_ENGINE_SOCKET_H
#define STUB_ENGINE_SOCKET_H

#include "core/err.h"

/* The first of the usual places where something stands (NULL terminated list
 * in LIST, or the built-in one for NULL). KB_E_MISSING when nothing does. */
int kb_engine_socket_find(const char *const *list, const char **ret_path, struct kb_err *err);

/* Connect, close-on-exec. Not there, no socket, no permission, nobody
 * listening: KB_E_MISSING. Another user's process behind it:
 * KB_E_ENVIRONMENT. A full queue that does not empty in WAIT_MS:
 * KB_E_TIMEOUT. */
int kb_engine_socket_connect(const char *path, unsigned wait_ms, int *ret_fd, struct kb_err *err);

#endif
