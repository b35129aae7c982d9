/* A30, before authentication: each call of the kernel and of the cryptographic
 * library on the way to a trusted bundle fails once. Whatever fails, nothing is
 * authenticated, and the exit status has the class of the failure; a call that
 * was only interrupted is made again.
 *
 *	closed BUNDLE ANCHORS
 *
 * The functions below stand before those of the libraries. The way is gone in a
 * process of its own each time, so that the library starts anew.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/bundle.h"
#include "core/mem.h"
#include "core/trust.h"

enum { AUTHENTICATED = 100, NOT_REACHED = 101 };

/* How a call fails: which of them count, and what errno says. */
static const struct kind {
	const char *name;
	bool kernel, library;
	int error;
} kinds[] = {
	{"EIO", true, false, EIO},
	{"EINTR", true, false, EINTR},
	{"refusal of the library", false, true, 0},
	{"library out of memory", false, true, ENOMEM},
};
#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

static const struct kind *kind;
static long left; /* calls until one fails; 0: none will */
static bool struck;

static bool fails(bool counts)
{
	if (!counts || left == 0 || --left > 0)
		return false;
	struck = true;
	errno = kind->error;
	return true;
}

static bool kernel_fails(void)
{
	return fails(kind && kind->kernel);
}

static bool library_fails(void)
{
	return fails(kind && kind->library);
}

/* The function that ours hides. */
static void *hidden(const char *name)
{
	int error = errno;
	void *f = dlsym(RTLD_NEXT, name);

	errno = error;
	if (!f)
		abort();
	return f;
}
#define HIDDEN(name) ((__typeof__(&(name)))hidden(#name))

/* Only reads are interrupted: the others do not wait. */
static bool read_fails(void)
{
	return kernel_fails();
}

static bool other_fails(void)
{
	return kind && kind->error != EINTR && kernel_fails();
}

#pragma GCC diagnostic ignored "-Wmissing-prototypes"

/* What was reached is written down at exit; memory that runs out ends us here. */
void write_reached(void) __asm__("__gcov_dump") __attribute__((weak));

void _exit(int status)
{
	kind = NULL;
	if (write_reached)
		write_reached();
	syscall(SYS_exit_group, status);
	__builtin_unreachable();
}

void _Exit(int status)
{
	_exit(status);
}

int open64(const char *path, int flags, ...)
{
	return other_fails() ? -1 : HIDDEN(open64)(path, flags, 0);
}

int openat64(int dirfd, const char *path, int flags, ...)
{
	return other_fails() ? -1 : HIDDEN(openat64)(dirfd, path, flags, 0);
}

int fstat64(int fd, struct stat64 *st)
{
	return other_fails() ? -1 : HIDDEN(fstat64)(fd, st);
}

ssize_t pread64(int fd, void *data, size_t len, off64_t at)
{
	return read_fails() ? -1 : HIDDEN(pread64)(fd, data, len, at);
}

ssize_t read(int fd, void *data, size_t len)
{
	return read_fails() ? -1 : HIDDEN(read)(fd, data, len);
}

int scandirat64(int fd, const char *path, struct dirent64 ***names,
		int (*wanted)(const struct dirent64 *),
		int (*order)(const struct dirent64 **, const struct dirent64 **))
{
	return other_fails() ? -1 : HIDDEN(scandirat64)(fd, path, names, wanted, order);
}

int OPENSSL_init_crypto(uint64_t options, const OPENSSL_INIT_SETTINGS *settings)
{
	return library_fails() ? 0 : HIDDEN(OPENSSL_init_crypto)(options, settings);
}

OSSL_LIB_CTX *OSSL_LIB_CTX_new(void)
{
	return library_fails() ? NULL : HIDDEN(OSSL_LIB_CTX_new)();
}

EVP_MD *EVP_MD_fetch(OSSL_LIB_CTX *ctx, const char *name, const char *properties)
{
	return library_fails() ? NULL : HIDDEN(EVP_MD_fetch)(ctx, name, properties);
}

EVP_MD_CTX *EVP_MD_CTX_new(void)
{
	return library_fails() ? NULL : HIDDEN(EVP_MD_CTX_new)();
}

int EVP_DigestInit_ex2(EVP_MD_CTX *ctx, const EVP_MD *md, const OSSL_PARAM params[])
{
	return library_fails() ? 0 : HIDDEN(EVP_DigestInit_ex2)(ctx, md, params);
}

int EVP_DigestUpdate(EVP_MD_CTX *ctx, const void *data, size_t len)
{
	return library_fails() ? 0 : HIDDEN(EVP_DigestUpdate)(ctx, data, len);
}

int EVP_DigestFinal_ex(EVP_MD_CTX *ctx, unsigned char *digest, unsigned *len)
{
	return library_fails() ? 0 : HIDDEN(EVP_DigestFinal_ex)(ctx, digest, len);
}

int EVP_Digest(const void *data, size_t len, unsigned char *digest, unsigned *size,
	       const EVP_MD *type, ENGINE *engine)
{
	return library_fails() ? 0 : HIDDEN(EVP_Digest)(data, len, digest, size, type, engine);
}

EVP_PKEY *EVP_PKEY_new_raw_public_key_ex(OSSL_LIB_CTX *ctx, const char *type,
					 const char *properties, const unsigned char *key,
					 size_t len)
{
	return library_fails()
		       ? NULL
		       : HIDDEN(EVP_PKEY_new_raw_public_key_ex)(ctx, type, properties, key, len);
}

int EVP_DigestVerifyInit_ex(EVP_MD_CTX *ctx, EVP_PKEY_CTX **key_ctx, const char *md,
			    OSSL_LIB_CTX *lib, const char *properties, EVP_PKEY *key,
			    const OSSL_PARAM params[])
{
	return library_fails() ? 0
			       : HIDDEN(EVP_DigestVerifyInit_ex)(ctx, key_ctx, md, lib, properties,
								 key, params);
}

int EVP_DigestVerify(EVP_MD_CTX *ctx, const unsigned char *signature, size_t signature_len,
		     const unsigned char *data, size_t len)
{
	return library_fails() ? 0
			       : HIDDEN(EVP_DigestVerify)(ctx, signature, signature_len, data, len);
}

/* The way, and the digest of the file, which `verify` makes. */
static int go(const char *path, const char *anchors)
{
	struct kb_bundle *bundle = NULL;
	struct kb_trust trust;
	struct kb_digest digest;
	int fd, rc = kb_trust_load(anchors, &trust, NULL);

	if (rc < 0)
		return rc;
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return KB_E_IO;
	if ((rc = kb_bundle_open(fd, path, &trust, &bundle, NULL)) < 0)
		return rc;
	rc = kb_digest_of_fd(fd, &digest, NULL, NULL);
	kb_bundle_close(bundle);
	return rc;
}

static int one(const char *path, const char *anchors, const struct kind *k, long n)
{
	int rc;

	kind = k;
	left = n;
	rc = go(path, anchors);
	kind = NULL;
	if (!struck && rc == 0)
		return NOT_REACHED;
	return rc == 0 ? AUTHENTICATED : -rc;
}

/* In a process of its own; its exit status. */
static int one_apart(char **argv, size_t k, long n)
{
	char at[24], which[24];
	char *again[] = {argv[0], argv[1], argv[2], which, at, NULL};
	int status, null;
	pid_t pid;

	snprintf(which, sizeof(which), "%zu", k);
	snprintf(at, sizeof(at), "%ld", n);
	if ((pid = fork()) == 0) {
		null = open("/dev/null", O_WRONLY | O_CLOEXEC);
		dup2(null, STDERR_FILENO);
		execv("/proc/self/exe", again);
		_exit(99);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		abort();
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool is_right(const struct kind *k, int status)
{
	if (k->error == EINTR)
		return status == AUTHENTICATED;
	if (k->kernel)
		return status == 41;
	if (k->error == ENOMEM)
		return status == 42;
	/* a signature that cannot be checked is no signature */
	return status == 42 || status == 11 || status == 90;
}

int main(int argc, char **argv)
{
	long passed = 0, failed = 0;

	if (argc == 5)
		return one(argv[1], argv[2], &kinds[strtoul(argv[3], NULL, 10) % N_KINDS],
			   strtol(argv[4], NULL, 10));
	if (argc != 3)
		return 2;
	for (size_t k = 0; k < N_KINDS; k++) {
		long n = 1;

		for (int status; (status = one_apart(argv, k, n)) != NOT_REACHED; n++) {
			*(is_right(&kinds[k], status) ? &passed : &failed) += 1;
			if (!is_right(&kinds[k], status))
				printf("FAILED: %s at call %ld: exit %d\n", kinds[k].name, n,
				       status);
		}
		printf("%s: %ld calls\n", kinds[k].name, n - 1);
	}
	printf("%ld passed, %ld failed\n", passed, failed);
	return failed != 0;
}
