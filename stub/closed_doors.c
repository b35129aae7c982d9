/* Doors of glibc that libcrypto links against and this program never opens:
 * loading shared objects and looking up names would read files of the host
 * (NSS, gconv, engines) into a static program that runs as root. The linker
 * sends every reference here (--wrap, see the Makefile), so that glibc's own
 * versions are not in the program at all.
 */
#include <errno.h>
#include <netdb.h>
#include <stddef.h>

#define DOOR(type, name) type __wrap_##name

DOOR(void *, dlopen)(const char *file, int mode);
DOOR(void *, dlsym)(void *handle, const char *name);
DOOR(int, dlclose)(void *handle);
DOOR(char *, dlerror)(void);
DOOR(int, dladdr)(const void *address, void *info);
DOOR(int, getaddrinfo)
(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **res);
DOOR(void, freeaddrinfo)(struct addrinfo *res);
DOOR(const char *, gai_strerror)(int code);
DOOR(struct hostent *, gethostbyname)(const char *name);
DOOR(int, getnameinfo)
(const struct sockaddr *address, socklen_t len, char *host, socklen_t host_len, char *service,
 socklen_t service_len, int flags);

DOOR(void *, dlopen)(const char *file, int mode)
{
	(void)file;
	(void)mode;
	return NULL;
}

DOOR(void *, dlsym)(void *handle, const char *name)
{
	(void)handle;
	(void)name;
	return NULL;
}

DOOR(int, dlclose)(void *handle)
{
	(void)handle;
	return -1;
}

DOOR(char *, dlerror)(void)
{
	static char text[] = "shared objects are never loaded";

	return text;
}

DOOR(int, dladdr)(const void *address, void *info)
{
	(void)address;
	(void)info;
	return 0;
}

DOOR(int, getaddrinfo)
(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **res)
{
	(void)node;
	(void)service;
	(void)hints;
	(void)res;
	return EAI_FAIL;
}

DOOR(void, freeaddrinfo)(struct addrinfo *res)
{
	(void)res;
}

DOOR(const char *, gai_strerror)(int code)
{
	(void)code;
	return "names are never looked up";
}

DOOR(struct hostent *, gethostbyname)(const char *name)
{
	(void)name;
	errno = ENOSYS;
	return NULL;
}

DOOR(int, getnameinfo)
(const struct sockaddr *address, socklen_t len, char *host, socklen_t host_len, char *service,
 socklen_t service_len, int flags)
{
	(void)address;
	(void)len;
	(void)host;
	(void)host_len;
	(void)service;
	(void)service_len;
	(void)flags;
	return EAI_FAIL;
}
