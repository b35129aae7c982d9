#include "builder/lint.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "builder/credentials.h"
#include "builder/pinned.h"
#include "builder/site_tree.h"
#include "core/utf8.h"

enum {
	PIECE_MAX = 64 * 1024, /* of a line; files that are not text have long ones */
	BLOCK = 4096,          /* is read at a time */
	REPORTS_MAX = 20,      /* a file */
};

/* One file being read. */
struct scan {
	struct kb_diag *diag;
	const char *shown;
	bool script;   /* run by a step: begins with #!/bin/sh */
	bool shell;    /* sh reads it: no CR, no NUL */
	bool settings; /* NAME=VALUE lines */
	bool commands; /* of a shell or of units: may start containers */
	struct kb_lint_pull pull;
	bool done; /* said once what is said once */
	size_t line, reports;
	struct kb_sha256 *sha; /* of all that was looked at; NULL: nobody asks */
};

static size_t column_of(const char *line, size_t offset)
{
	size_t column = 1;

	for (size_t i = 0; i < offset; i++)
		column += ((unsigned char)line[i] & 0xc0) != 0x80;
	return column;
}

static void check_shell(struct scan *s, const char *line, size_t len)
{
	const char *cr = memchr(line, '\r', len), *nul = memchr(line, '\0', len);

	if (s->done || (!cr && !nul))
		return;
	s->done = true;
	if (cr)
		kb_diag_add(s->diag, s->shown, s->line, column_of(line, (size_t)(cr - line)),
			    "carriage return in a script; save it with LF line ends");
	else
		kb_diag_add(s->diag, s->shown, s->line, column_of(line, (size_t)(nul - line)),
			    "NUL byte in a script");
}

static bool is_shebang(const char *line, size_t len)
{
	static const char wanted[] = "#!/bin/sh";

	if (len && line[len - 1] == '\r')
		len--; /* said by check_shell */
	return len == strlen(wanted) && memcmp(line, wanted, len) == 0;
}

/* G22: the engine asks the network for an image that is not there, unless it is
 * told not to. */
static void check_pull(struct scan *s, const char *line, size_t len)
{
	const struct kb_lint_pull none = {.line = 0};

	if (!kb_lint_pull(&s->pull, line, len, s->line))
		return;
	if (!s->pull.never)
		kb_diag_add(s->diag, s->shown, s->pull.line, s->pull.offset + 1,
			    "starts a container without --pull=never; hosts have no network to "
			    "pull from");
	s->pull = none;
}

static void check_line(struct scan *s, const char *line, size_t len)
{
	size_t offset = 0;
	const char *what;

	if (s->script && s->line == 1 && !is_shebang(line, len))
		kb_diag_add(s->diag, s->shown, 1, 1, "a script begins with the line #!/bin/sh");
	if (s->shell)
		check_shell(s, line, len);
	if (s->commands)
		check_pull(s, line, len);
	what = kb_lint_secret(line, len, s->settings, &offset);
	if (what && s->reports++ < REPORTS_MAX)
		kb_diag_add(s->diag, s->shown, s->line, column_of(line, offset),
			    "looks like %s; a bundle carries no secrets, see \"credentials\"",
			    what);
}

/* Take the whole lines out of BUF, or all of it when it is full or LAST. */
static void take_lines(struct scan *s, struct kb_buf *buf, bool last)
{
	size_t at = 0;
	const char *end;

	while ((end = memchr(buf->data + at, '\n', buf->len - at))) {
		check_line(s, buf->data + at, (size_t)(end - buf->data) - at);
		s->line++;
		at = (size_t)(end - buf->data) + 1;
	}
	if (buf->len > at && (last || buf->len - at >= PIECE_MAX)) {
		check_line(s, buf->data + at, buf->len - at);
		at = buf->len;
	}
	memmove(buf->data, buf->data + at, buf->len - at);
	buf->len -= at;
}

static int scan_file(struct scan *s, int fd)
{
	kb_autobuf struct kb_buf buf = KB_BUF_INIT;
	ssize_t n;

	s->line = 1;
	do {
		kb_buf_reserve(&buf, BLOCK);
		n = read(fd, buf.data + buf.len, BLOCK);
		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0 && s->sha)
			kb_sha256_add(s->sha, buf.data + buf.len, (size_t)n);
		if (n > 0)
			buf.len += (size_t)n;
		take_lines(s, &buf, n == 0);
	} while (n != 0);
	if (s->script && s->line == 1 && buf.len == 0 && lseek(fd, 0, SEEK_CUR) == 0)
		check_line(s, "", 0);
	return 0;
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), n = strlen(end);

	return len >= n && strcmp(text + len - n, end) == 0;
}

/* Files that are secrets by their name, whatever is in them. */
static bool is_secret_name(const char *path)
{
	static const char *const ends[] = {".key", ".p12", ".pfx", ".kdbx", ".jks"};
	static const char *const bases[] = {".env",     ".netrc",     ".pgpass", "id_rsa",
					    "id_ecdsa", "id_ed25519", "id_dsa"};
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (ends_with(base, ends[i]))
			return true;
	for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++)
		if (strcmp(base, bases[i]) == 0)
			return true;
	return false;
}

/* RET_DIGEST may be NULL; it is that of the bytes that were checked. */
static void check_file(struct kb_site_load *l, int dirfd, const char *path, const char *shown,
		       bool script, struct kb_digest *ret_digest)
{
	struct scan s = {.diag = l->diag, .shown = shown, .script = script};
	struct kb_err err;
	kb_autoclose int fd = kb_site_tree_open(dirfd, path, &err);

	if (fd < 0) {
		/* a missing manifest was reported by its loader */
		if (dirfd == l->payloadfd)
			kb_diag_add(l->diag, shown, 0, 0, "%s", err.text);
		return;
	}
	if (is_secret_name(path))
		kb_diag_add(l->diag, shown, 0, 0,
			    "a file of secrets, by its name; a bundle carries no secrets");
	s.shell = script || ends_with(path, ".sh");
	s.settings = ends_with(path, ".env");
	s.commands = s.shell || ends_with(path, ".service");
	if (ret_digest)
		s.sha = kb_sha256_new();
	if (scan_file(&s, fd) < 0)
		kb_diag_add(l->diag, shown, 0, 0, "%s", strerror(errno));
	if (ret_digest)
		kb_sha256_end(s.sha, ret_digest);
	kb_sha256_free(s.sha);
}

static void check_manifest(struct kb_site_load *l, const char *path)
{
	kb_autofree char *shown = kb_site_load_shown(l, path);

	check_file(l, l->dirfd, path, shown, false, NULL);
}

static bool runs(const struct kb_step *step)
{
	return step->source[0] && (step->kind == KB_STEP_SCRIPT || step->kind == KB_STEP_WAIT ||
				   step->kind == KB_STEP_CHECK);
}

static bool contains(const struct kb_strings *sorted, const char *text)
{
	for (size_t i = 0; i < sorted->n; i++)
		if (strcmp(sorted->v[i], text) == 0)
			return true;
	return false;
}

void kb_lint_payload(struct kb_site_load *l)
{
	struct kb_strings files = {NULL, 0}, scripts = {NULL, 0};
	const struct kb_site *site = l->site;

	check_manifest(l, "site.yaml");
	check_manifest(l, "images.yaml");
	if (site->n_credentials)
		check_manifest(l, KB_CREDENTIALS_FILE);
	for (size_t i = 0; i < site->n_roles; i++) {
		const struct kb_role *role = &site->roles[i];
		kb_autofree char *path = kb_format("roles/%s.yaml", role->name);

		check_manifest(l, path);
		for (size_t j = 0; j < role->files.n; j++)
			if (!kb_pinned_of_path(site->pinned, role->files.v[j]))
				kb_site_load_strings_add(&files, role->files.v[j]);
		for (size_t j = 0; j < role->n_steps; j++)
			if (runs(&role->steps[j]))
				kb_site_load_strings_add(&scripts, role->steps[j].source);
	}
	kb_site_load_strings_sort(&files);
	kb_site_load_strings_sort(&scripts);
	l->site->checked = kb_alloc(files.n, sizeof(*l->site->checked));
	for (size_t i = 0; i < files.n; i++) {
		kb_autofree char *shown = kb_site_load_shown_payload(l, files.v[i]);
		struct kb_payload_file *file = &l->site->checked[l->site->n_checked++];

		file->path = kb_strdup(files.v[i]);
		check_file(l, l->payloadfd, files.v[i], shown, contains(&scripts, files.v[i]),
			   &file->digest);
	}
	kb_site_load_strings_free(&files);
	kb_site_load_strings_free(&scripts);
}
