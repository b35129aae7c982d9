/* One error, filled once by whoever finds the trouble, and the one table of
 * codes, classes and exit statuses that builder and host share.
 *
 * A function that can fail returns 0 or a negative code and takes a
 * `struct kb_err *` last. The code is the exit status negated, so a caller may
 * pass it on unchanged and main() may exit with it. On success the error is
 * not touched. No allocation: an error can always be reported, also when
 * memory is what is missing. Messages name the thing and the value that was
 * wrong, and what to do; they never carry file content or secrets.
 */
#ifndef CORE_ERR_H
#define CORE_ERR_H

#include <stddef.h>

/* Exit statuses, the same for builder and host; texts in err.c, the public
 * table in docs/keybuzz-run.8. Values are part of the command line contract. */
enum kb_code {
	KB_OK = 0,
	KB_E_USAGE = -2,        /* unknown word or option, wrong arguments */
	KB_E_TRUST = -10,       /* no trust anchor, or key not trusted */
	KB_E_SIGNATURE = -11,   /* signature does not verify */
	KB_E_ROLLBACK = -12,    /* older than what this host accepted before */
	KB_E_EXPIRED = -13,     /* outside its validity, or clock unusable */
	KB_E_TARGET = -14,      /* wrong role, arch, OS, host or channel */
	KB_E_REVOKED = -15,     /* key or release revoked */
	KB_E_DAMAGED = -20,     /* bytes differ, cut short or too long */
	KB_E_STATE = -21,       /* journal or recorded state damaged */
	KB_E_INVALID = -22,     /* manifest, lock, inventory, template.. refused */
	KB_E_PATH = -23,        /* unsafe path or file type */
	KB_E_ENVIRONMENT = -30, /* owner, mode, rights or mounts make it unsafe */
	KB_E_BUSY = -31,        /* another run holds the lock */
	KB_E_SPACE = -40,       /* no space or no inodes */
	KB_E_IO = -41,          /* read, write or sync failed */
	KB_E_MEMORY = -42,      /* out of memory */
	KB_E_MISSING = -50,     /* something this needs is not there */
	KB_E_DEPENDENCY = -51,  /* something this needs failed */
	KB_E_STEP = -60,        /* a step failed */
	KB_E_TIMEOUT = -61,     /* a step ran out of time */
	KB_E_HEALTH = -62,      /* a health check failed */
	KB_E_INTERRUPTED = -70, /* stopped at a safe point; run again */
	KB_E_INTERNAL = -90,    /* cannot happen */
};

#define KB_ERR_TEXT_MAX 1024

struct kb_err {
	int code; /* enum kb_code */
	char text[KB_ERR_TEXT_MAX];
};

#define KB_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* Fill ERR (may be NULL) and return CODE, for use in the return statement. */
int kb_err_set(struct kb_err *err, int code, const char *fmt, ...) KB_PRINTF(3, 4);

/* The same with ": strerror(errno)" added; ENOSPC, EDQUOT, ENOMEM and EIO choose
 * their own codes whatever CODE says, so that no caller has to remember. */
int kb_err_errno(struct kb_err *err, int code, const char *fmt, ...) KB_PRINTF(3, 4);

/* Put "what was being done: " before the text; returns the code for return.
 * With ERR NULL it returns the code this thread set last. */
int kb_err_wrap(struct kb_err *err, const char *fmt, ...) KB_PRINTF(2, 3);

/* Class word of a code ("damaged"), the same word in text and JSON output. */
const char *kb_code_class(int code);

/* One sentence for the exit-code table of --help and the man pages. */
const char *kb_code_text(int code);

/* Walk the table: the i-th code, or 1 when there are no more. */
int kb_code_at(size_t i);

/* "keybuzz: error 20 damaged: TEXT\n" on stderr, control bytes escaped. */
void kb_err_print(const struct kb_err *err);

/* Copy SRC into DST (cap bytes, always terminated), with control characters
 * and bytes that are not UTF-8 shown as \xNN: a name from a file must not
 * drive the operator's terminal. */
void kb_escape(char *dst, size_t cap, const char *src, size_t len);

#endif
