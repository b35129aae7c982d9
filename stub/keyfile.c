#include "stub/keyfile.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/digest.h"
#include "core/file.h"
#include "core/path.h"

#define SUM "sum "

struct kb_keyfile {
	char *text; /* every end of line and first blank made a NUL */
	const char **keys, **values;
	size_t n, cap;
};

void kb_keyfile_free(struct kb_keyfile *kf)
{
	if (!kf)
		return;
	free(kf->text);
	free(kf->keys);
	free(kf->values);
	free(kf);
}

void kb_keyfile_cleanup(struct kb_keyfile **kf)
{
	kb_keyfile_free(*kf);
}

static int damaged(struct kb_err *err, const char *kind, const char *what)
{
	return kb_err_set(err, KB_E_STATE, "%s record: %s", kind, what);
}

/* The last line, its digest checked; *RET_LEN is what stands before it. */
static int check_sum(const char *text, size_t len, const char *kind, size_t *ret_len,
		     struct kb_err *err)
{
	enum { LINE = sizeof(SUM) - 1 + KB_HEX_LEN + 1 };
	struct kb_digest found, real;
	char hex[KB_HEX_LEN + 1];
	const char *line;

	if (len < LINE || text[len - 1] != '\n')
		return damaged(err, kind, "cut short");
	line = text + len - LINE;
	memcpy(hex, line + sizeof(SUM) - 1, KB_HEX_LEN);
	hex[KB_HEX_LEN] = '\0';
	kb_digest_of(text, len - LINE, &real);
	if (memcmp(line, SUM, sizeof(SUM) - 1) != 0 || !kb_digest_parse(hex, &found) ||
	    !kb_digest_eq(&found, &real))
		return damaged(err, kind, "its sum is not that of its content");
	*ret_len = len - LINE;
	return 0;
}

static void add_pair(struct kb_keyfile *kf, char *line)
{
	char *blank = strchr(line, ' ');
	size_t cap = kf->cap;

	if (blank)
		*blank = '\0';
	kf->keys = kb_grow(kf->keys, kf->n, &cap, sizeof(*kf->keys));
	kf->values = kb_grow(kf->values, kf->n, &kf->cap, sizeof(*kf->values));
	kf->keys[kf->n] = line;
	kf->values[kf->n++] = blank ? blank + 1 : "";
}

int kb_keyfile_parse(const char *text, size_t len, const char *kind, struct kb_keyfile **ret_kf,
		     struct kb_err *err)
{
	kb_autofree char *first = kb_format("keybuzz-%s 1", kind);
	kb_autokeyfile struct kb_keyfile *kf = NULL;
	size_t body;
	int rc = check_sum(text, len, kind, &body, err);

	if (rc < 0)
		return rc;
	if (memchr(text, '\0', body))
		return damaged(err, kind, "holds a NUL");
	kf = kb_alloc(1, sizeof(*kf));
	kf->text = kb_strndup(text, body);
	for (char *line = kf->text, *end; (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		if (line != kf->text)
			add_pair(kf, line);
		else if (strcmp(line, first) != 0)
			return damaged(err, kind,
				       "of another kind, or of a later version of this "
				       "program");
	}
	*ret_kf = kb_steal(kf);
	return 0;
}

int kb_keyfile_read(int dirfd, const char *name, const char *kind, struct kb_keyfile **ret_kf,
		    struct kb_err *err)
{
	kb_autobuf struct kb_buf text = KB_BUF_INIT;
	kb_autoclose int fd = -1;
	struct stat st;
	int rc = kb_path_open_file(dirfd, name, &fd, &st, err);

	if (rc < 0)
		return rc;
	if (st.st_size > KB_KEYFILE_MAX)
		return damaged(err, kind, "too large");
	kb_buf_reserve(&text, (size_t)st.st_size);
	if ((rc = kb_pread_full(fd, text.data, (size_t)st.st_size, 0, err)) < 0)
		return rc;
	return kb_keyfile_parse(text.data, (size_t)st.st_size, kind, ret_kf, err);
}

const char *kb_keyfile_get(const struct kb_keyfile *kf, const char *key)
{
	for (size_t i = 0; i < kf->n; i++)
		if (strcmp(kf->keys[i], key) == 0)
			return kf->values[i];
	return NULL;
}

bool kb_keyfile_at(const struct kb_keyfile *kf, size_t i, const char **ret_key,
		   const char **ret_value)
{
	if (i >= kf->n)
		return false;
	*ret_key = kf->keys[i];
	*ret_value = kf->values[i];
	return true;
}

int kb_keyfile_u64(const struct kb_keyfile *kf, const char *key, uint64_t *ret_value,
		   struct kb_err *err)
{
	const char *text = kb_keyfile_get(kf, key);
	uint64_t v = 0;

	if (!text || !*text || strlen(text) > 20)
		return kb_err_set(err, KB_E_STATE, "record: no number %s", key);
	for (const char *p = text; *p; p++)
		if (*p < '0' || *p > '9' || __builtin_mul_overflow(v, 10u, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(*p - '0'), &v))
			return kb_err_set(err, KB_E_STATE, "record: %s is no number", key);
	*ret_value = v;
	return 0;
}

void kb_keyfile_begin(struct kb_buf *out, const char *kind)
{
	kb_buf_clear(out);
	kb_buf_printf(out, "keybuzz-%s 1\n", kind);
}

void kb_keyfile_add(struct kb_buf *out, const char *key, const char *fmt, ...)
{
	kb_autofree char *value = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&value, fmt, ap) < 0)
		kb_no_memory();
	va_end(ap);
	for (char *p = value; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = ' ';
	kb_buf_printf(out, "%s %s\n", key, value);
}

static bool is_unchanged(int dirfd, const char *name, const struct kb_buf *out)
{
	kb_autobuf struct kb_buf old = KB_BUF_INIT;
	kb_autoclose int fd = -1;
	struct stat st;

	if (kb_path_open_file(dirfd, name, &fd, &st, NULL) < 0 || st.st_size != (off_t)out->len ||
	    (st.st_mode & 07777) != 0600)
		return false;
	kb_buf_reserve(&old, out->len);
	return kb_pread_full(fd, old.data, out->len, 0, NULL) == 0 &&
	       memcmp(old.data, out->data, out->len) == 0;
}

int kb_keyfile_write(int dirfd, const char *name, struct kb_buf *out, struct kb_err *err)
{
	kb_autonewfile struct kb_newfile nf = KB_NEWFILE_INIT;
	struct kb_digest sum;
	int rc;

	kb_digest_of(out->data, out->len, &sum);
	kb_buf_printf(out, SUM "%s\n", kb_digest_hex(&sum));
	if (is_unchanged(dirfd, name, out))
		return 0;
	if ((rc = kb_newfile_open_at(&nf, dirfd, name, 0600, err)) < 0 ||
	    (rc = kb_write_full(nf.fd, out->data, out->len, err)) < 0)
		return rc;
	return kb_newfile_commit(&nf, (uid_t)-1, (gid_t)-1, err);
}
