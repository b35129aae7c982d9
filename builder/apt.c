#include "builder/apt.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "builder/run.h"
#include "core/file.h"
#include "core/name.h"

#define KEYRING "/usr/share/keyrings/debian-archive-keyring.gpg"

enum { OUTPUT_MAX = 4 << 20, SHOW_MAX = 32 << 20 };

struct kb_apt {
	char *dir;
	char *config; /* "APT_CONFIG=.." */
	char *suite, *mirror, *security;
	char *keyring, *components;
};

const char *kb_apt_arch(const char *arch)
{
	static const char *const names[][2] = {
		{"x86_64", "amd64"},    {"aarch64", "arm64"},   {"armv7l", "armhf"},
		{"i686", "i386"},       {"ppc64le", "ppc64el"}, {"s390x", "s390x"},
		{"riscv64", "riscv64"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(arch, names[i][0]) == 0)
			return names[i][1];
	return NULL;
}

/* Unstable gets its fixes directly. */
static bool has_updates(const char *suite)
{
	return strcmp(suite, "sid") != 0 && strcmp(suite, "unstable") != 0 &&
	       strcmp(suite, "experimental") != 0;
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), n = strlen(end);

	return len >= n && strcmp(text + len - n, end) == 0;
}

/* Debian's habit, on mirrors and snapshots: debian-security stands beside
 * debian. Ubuntu has it in the same place. "" when MIRROR is laid out neither
 * way. */
static char *security_mirror(const char *mirror, const char *suite)
{
	const char *at = mirror, *found = NULL;

	if (!has_updates(suite))
		return kb_strdup("");
	while ((at = strstr(at, "/debian"))) {
		at += 7;
		if (*at == '\0' || *at == '/')
			found = at;
	}
	if (!found)
		return kb_strdup(ends_with(mirror, "/ubuntu") ? mirror : "");
	return kb_format("%.*s-security%s", (int)(found - mirror), mirror, found);
}

/* A snapshot ("/20250520T000000Z") keeps indices whose time is over. */
static bool is_snapshot(const char *mirror)
{
	for (const char *p = strchr(mirror, '/'); p; p = strchr(p + 1, '/'))
		if (strspn(p + 1, "0123456789") == 8 && p[9] == 'T' &&
		    strspn(p + 10, "0123456789") == 6 && p[16] == 'Z')
			return true;
	return false;
}

static int write_file(const struct kb_apt *apt, const char *name, const struct kb_buf *text,
		      struct kb_err *err)
{
	kb_autofree char *path = kb_format("%s/%s", apt->dir, name);

	return kb_file_replace(path, text->data, text->len, 0644, err);
}

static int write_config(const struct kb_apt *apt, const char *arch, struct kb_err *err)
{
	kb_autobuf struct kb_buf text = KB_BUF_INIT;

	kb_buf_printf(&text,
		      "Dir \"%s/\";\n"
		      "Dir::State::status \"%s/var/lib/dpkg/status\";\n"
		      "APT::Architecture \"%s\";\n"
		      "APT::Architectures { \"%s\"; };\n"
		      "APT::Install-Recommends \"false\";\n"
		      "APT::Install-Suggests \"false\";\n"
		      "APT::Get::AllowUnauthenticated \"false\";\n"
		      "APT::Sandbox::User \"root\";\n"
		      "APT::Update::Error-Mode \"any\";\n"
		      "Acquire::AllowInsecureRepositories \"false\";\n"
		      "Acquire::AllowWeakRepositories \"false\";\n"
		      "Acquire::AllowDowngradeToInsecureRepositories \"false\";\n"
		      "Acquire::Languages \"none\";\n"
		      "Acquire::Retries \"3\";\n"
		      "Acquire::ForceHash \"SHA256\";\n"
		      /* without this apt counts itself as essential */
		      "pkgCacheGen::ForceEssential \",\";\n",
		      apt->dir, apt->dir, arch, arch);
	return write_file(apt, "apt.conf", &text, err);
}

static void add_source(const struct kb_apt *apt, struct kb_buf *text, const char *mirror,
		       const char *suites)
{
	kb_buf_printf(text, "Types: deb\nURIs: %s\nSuites: %s\nComponents: %s\nSigned-By: %s\n%s\n",
		      mirror, suites, apt->components, apt->keyring,
		      is_snapshot(mirror) ? "Check-Valid-Until: no\n" : "");
}

static int write_sources(const struct kb_apt *apt, struct kb_err *err)
{
	kb_autofree char *updates = has_updates(apt->suite)
					    ? kb_format("%s %s-updates", apt->suite, apt->suite)
					    : kb_strdup(apt->suite);
	kb_autofree char *security = kb_format("%s-security", apt->suite);
	kb_autobuf struct kb_buf text = KB_BUF_INIT;

	add_source(apt, &text, apt->mirror, updates);
	if (*apt->security)
		add_source(apt, &text, apt->security, security);
	return write_file(apt, "etc/apt/sources.list.d/keybuzz.sources", &text, err);
}

static int prepare(const struct kb_apt *apt, const char *arch, struct kb_err *err)
{
	static const char *const folders[] = {
		"etc/apt/apt.conf.d",
		"etc/apt/preferences.d",
		"etc/apt/sources.list.d",
		"etc/apt/trusted.gpg.d",
		"var/lib/dpkg",
		"var/lib/apt/lists/partial",
		"var/cache/apt/archives/partial",
		"var/log/apt",
	};
	kb_autobuf struct kb_buf nothing = KB_BUF_INIT;
	int rc;

	kb_buf_puts(&nothing, "");
	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
		kb_autofree char *path = kb_format("%s/%s", apt->dir, folders[i]);

		if ((rc = kb_mkdirs(path, 0755, err)) < 0)
			return rc;
	}
	if ((rc = write_file(apt, "var/lib/dpkg/status", &nothing, err)) < 0 ||
	    (rc = write_config(apt, arch, err)) < 0)
		return rc;
	return write_sources(apt, err);
}

static int update(const struct kb_apt *apt, struct kb_err *err)
{
	const char *const argv[] = {"apt-get", "-qq", "update", NULL};
	const char *const env[] = {apt->config, NULL};
	const struct kb_run run = {.argv = argv, .env = env, .network = true};

	if (access(apt->keyring, R_OK) < 0)
		return kb_err_set(err, KB_E_MISSING,
				  "%s is missing; make deps installs Debian's keyring",
				  apt->keyring);
	return kb_run(&run, NULL, err);
}

int kb_apt_open(struct kb_store *store, const struct kb_apt_source *source, struct kb_apt **ret_apt,
		struct kb_err *err)
{
	const char *machine = kb_apt_arch(source->arch);
	size_t len = strlen(source->mirror);
	struct kb_apt *apt;
	int rc;

	if (!machine)
		return kb_err_set(err, KB_E_INVALID, "no Debian architecture is known for %s",
				  source->arch);
	while (len && source->mirror[len - 1] == '/')
		len--;
	apt = kb_alloc(1, sizeof(*apt));
	apt->suite = kb_strdup(source->suite);
	apt->mirror = kb_strndup(source->mirror, len);
	apt->security = security_mirror(apt->mirror, source->suite);
	apt->keyring = kb_strdup(source->keyring ? source->keyring : KEYRING);
	apt->components = kb_strdup(source->components ? source->components : "main");
	rc = kb_store_scratch(store, &apt->dir, err);
	if (rc == 0) {
		apt->config = kb_format("APT_CONFIG=%s/apt.conf", apt->dir);
		rc = prepare(apt, machine, err);
	}
	if (rc == 0)
		rc = update(apt, err);
	if (rc < 0) {
		kb_apt_close(apt);
		return kb_err_wrap(err, "indices of %s from %s", source->suite, source->mirror);
	}
	*ret_apt = apt;
	return 0;
}

void kb_apt_close(struct kb_apt *apt)
{
	if (!apt)
		return;
	kb_store_scratch_drop(apt->dir);
	free(apt->config);
	free(apt->suite);
	free(apt->mirror);
	free(apt->security);
	free(apt->keyring);
	free(apt->components);
	free(apt);
}

const char *kb_apt_security(const struct kb_apt *apt)
{
	return apt->security;
}

/* ---- what an installation needs ---- */

void kb_apt_encode(const char *path, struct kb_buf *buf)
{
	for (; *path; path++) {
		unsigned char c = (unsigned char)*path;

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		    strchr("/-._~", c))
			kb_buf_putc(buf, (char)c);
		else
			kb_buf_printf(buf, "%%%02x", c);
	}
}

/* %XX undone. */
static char *decoded(const char *text, size_t len)
{
	char *out = kb_alloc(len + 1, 1);
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		char hex[3] = {0};
		unsigned long v = 0;

		if (text[i] == '%' && i + 2 < len) {
			memcpy(hex, text + i + 1, 2);
			v = strtoul(hex, NULL, 16);
		}
		if (v > 0x1f && v < 0x7f) {
			out[n++] = (char)v;
			i += 2;
		} else {
			out[n++] = text[i];
		}
	}
	return out;
}

/* "NAME_VERSION_ARCH.deb" */
static bool take_file_name(const char *file, size_t len, struct kb_deb *deb)
{
	kb_autofree char *name = decoded(file, len);
	char *one = strchr(name, '_'), *two = one ? strchr(one + 1, '_') : NULL;
	char *end = two ? strstr(two, ".deb") : NULL;

	if (!end || end[4])
		return false;
	*one = *two = *end = '\0';
	deb->name = kb_strdup(name);
	deb->version = kb_strdup(one + 1);
	deb->arch = kb_strdup(two + 1);
	return true;
}

static bool take_uri(const struct kb_apt *apt, const char *uri, size_t len, struct kb_deb *deb)
{
	const char *mirrors[2] = {apt->mirror, apt->security};

	for (int i = 0; i < 2; i++) {
		size_t m = strlen(mirrors[i]);

		if (!m || len <= m + 1 || strncmp(uri, mirrors[i], m) != 0 || uri[m] != '/')
			continue;
		deb->security = i == 1;
		deb->path = decoded(uri + m + 1, len - m - 1);
		return kb_name_check_relative(deb->path, NULL) == 0;
	}
	return false;
}

/* 'URI' NAME_VERSION_ARCH.deb SIZE SHA256:HEX */
static bool take_line(const struct kb_apt *apt, const char *line, size_t len, struct kb_deb *deb)
{
	const char *end = line + len, *uri_end, *file, *file_end, *size, *hash;
	kb_autofree char *hex = NULL;
	char *size_end;

	if (len < 2 || *line != '\'')
		return false;
	uri_end = memchr(line + 1, '\'', len - 1);
	if (!uri_end || end - uri_end < 3)
		return false;
	file = uri_end + 2;
	file_end = memchr(file, ' ', (size_t)(end - file));
	if (!file_end)
		return false;
	size = file_end + 1;
	deb->size = strtoull(size, &size_end, 10);
	if (size_end == size || *size_end != ' ')
		return false;
	hash = size_end + 1;
	if (end - hash != 7 + KB_HEX_LEN || strncmp(hash, "SHA256:", 7) != 0)
		return false;
	hex = kb_strndup(hash + 7, KB_HEX_LEN);
	return kb_digest_parse(hex, &deb->sha256) &&
	       take_file_name(file, (size_t)(file_end - file), deb) &&
	       take_uri(apt, line + 1, (size_t)(uri_end - line - 1), deb);
}

static int take_output(const struct kb_apt *apt, const char *text, struct kb_debs *debs,
		       struct kb_err *err)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		if (debs->n == KB_LOCK_DEBS_MAX)
			return kb_err_set(err, KB_E_INVALID, "more than %d packages",
					  KB_LOCK_DEBS_MAX);
		if (!take_line(apt, text, len, kb_debs_add(debs)))
			return kb_err_set(err, KB_E_DEPENDENCY, "apt-get said: %.*s",
					  (int)(len < 300 ? len : 300), text);
		text += len + (text[len] == '\n');
	}
	kb_debs_sort(debs);
	return 0;
}

/* Which dependency cannot be had apt says on stdout, below a headline, and not
 * when it is told to be as quiet as its answer is wanted: it is asked again. */
static int explain_unmet(struct kb_run run, const char **argv, struct kb_err *err)
{
	const char *line;
	struct kb_err ignored;
	size_t len;

	argv[1] = "-q";
	run.silent = true;
	kb_buf_clear(run.out);
	kb_run(&run, NULL, &ignored);
	line = run.out->len ? strstr(run.out->data, "have unmet dependencies:\n") : NULL;
	if (!line)
		return KB_E_DEPENDENCY;
	line = strchr(line, '\n') + 1;
	line += strspn(line, " ");
	len = strcspn(line, "\n");
	return kb_err_wrap(err, "%.*s", (int)(len < 300 ? len : 300), line);
}

int kb_apt_closure(struct kb_apt *apt, char *const *words, size_t n, struct kb_debs *ret_debs,
		   struct kb_err *err)
{
	static const char *const fixed[] = {"apt-get",      "-qq",     "-y",
					    "--print-uris", "install", "?essential"};
	enum { FIXED = sizeof(fixed) / sizeof(*fixed) };
	kb_autofree const char **argv = kb_alloc(FIXED + n + 1, sizeof(*argv));
	const char *const env[] = {apt->config, NULL};
	kb_autobuf struct kb_buf out = KB_BUF_INIT;
	const struct kb_run run = {.argv = argv, .env = env, .out = &out, .out_max = OUTPUT_MAX};
	struct kb_debs debs = {NULL, 0, 0};
	int rc;

	memcpy(argv, fixed, sizeof(fixed));
	for (size_t i = 0; i < n; i++)
		argv[FIXED + i] = words[i];
	rc = kb_run(&run, NULL, err);
	if (rc == KB_E_DEPENDENCY)
		rc = explain_unmet(run, argv, err);
	else if (rc == 0)
		rc = take_output(apt, out.len ? out.data : "", &debs, err);
	if (rc < 0) {
		kb_debs_free(&debs);
		return kb_err_wrap(err, "resolve packages of %s", apt->suite);
	}
	*ret_debs = debs;
	return 0;
}

int kb_apt_show(struct kb_apt *apt, const struct kb_debs *debs, struct kb_buf *out,
		struct kb_err *err)
{
	kb_autofree const char **argv = kb_alloc(debs->n + 3, sizeof(*argv));
	const char *const env[] = {apt->config, NULL};
	const struct kb_run run = {
		.argv = argv, .env = env, .out = out, .out_max = out->len + SHOW_MAX};
	int rc;

	argv[0] = "apt-cache";
	argv[1] = "show";
	for (size_t i = 0; i < debs->n; i++)
		argv[i + 2] = kb_format("%s=%s", debs->v[i].name, debs->v[i].version);
	rc = debs->n ? kb_run(&run, NULL, err) : 0;
	for (size_t i = 0; i < debs->n; i++)
		free((char *)(uintptr_t)argv[i + 2]);
	return rc < 0 ? kb_err_wrap(err, "packages of %s", apt->suite) : 0;
}
