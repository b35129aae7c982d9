#include <stdlib.h>
#include <string.h>

#include "stub/volume.h"

/* The next word of a line, from *P on; its length in *RET_LEN, 0 at the end. */
static const char *word(const char **p, size_t *ret_len)
{
	const char *start = *p + strspn(*p, " \t");

	*ret_len = strcspn(start, " \t\n");
	*p = start + *ret_len;
	return start;
}

static bool is_octal(const char *p)
{
	return p[0] >= '0' && p[0] <= '3' && p[1] >= '0' && p[1] <= '7' && p[2] >= '0' &&
	       p[2] <= '7';
}

/* Both tables write blanks and backslashes as \040. */
static void unescape(const char *text, size_t len, char *out, size_t cap)
{
	size_t n = 0;

	for (size_t i = 0; i < len && n + 1 < cap; i++) {
		if (text[i] == '\\' && len - i > 3 && is_octal(text + i + 1)) {
			out[n++] = (char)((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 +
					  (text[i + 3] - '0'));
			i += 3;
		} else {
			out[n++] = text[i];
		}
	}
	out[n] = '\0';
}

static bool is_path(const char *text, size_t len, const char *path)
{
	char plain[4096];

	unescape(text, len, plain, sizeof(plain));
	return strcmp(plain, path) == 0;
}

static bool has_option(const char *options, size_t len, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = options; p < options + len; p += strcspn(p, ", \t\n") + 1)
		if (strncmp(p, name, n) == 0 && strchr(", \t\n", p[n]))
			return true;
	return false;
}

/* "36 35 98:0 /root /mnt rw,noatime master:1 - xfs /dev/sdb rw": the fields
 * before the dash are six, and then as many as there are. */
static bool read_line(const char *line, const char *target, struct kb_volume_mounted *ret)
{
	const char *p = line, *options, *at;
	size_t len;

	for (int i = 0; i < 4; i++)
		word(&p, &len);
	at = word(&p, &len);
	if (!len || !is_path(at, len, target))
		return false;
	options = word(&p, &len);
	ret->read_only = has_option(options, len, "ro");
	do
		at = word(&p, &len);
	while (len && !(len == 1 && *at == '-'));
	at = word(&p, &len);
	unescape(at, len, ret->type, sizeof(ret->type));
	at = word(&p, &len);
	unescape(at, len, ret->source, sizeof(ret->source));
	return true;
}

bool kb_volume_mounted(const char *mountinfo, const char *target,
		       struct kb_volume_mounted *ret_mounted)
{
	bool found = false;

	/* the last one lies on top */
	for (const char *line = mountinfo; *line;
	     line += strcspn(line, "\n"), line += *line == '\n')
		found = read_line(line, target, ret_mounted) || found;
	return found;
}

char *kb_volume_fstab_source(const char *fstab, const char *target)
{
	for (const char *line = fstab; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *p = line, *source, *at;
		size_t len, at_len;

		source = word(&p, &len);
		at = word(&p, &at_len);
		if (len && *source != '#' && at_len && is_path(at, at_len, target))
			return kb_strndup(source, len);
	}
	return NULL;
}

/* nofail: a host whose volume is broken should boot, to be mended; the services
 * say themselves that they need it. No fsck: XFS does that when it mounts. */
void kb_volume_fstab_add(const char *fstab, const char *target, const char *uuid,
			 struct kb_buf *out)
{
	size_t len = strlen(fstab);

	kb_buf_puts(out, fstab);
	if (len && fstab[len - 1] != '\n')
		kb_buf_putc(out, '\n');
	kb_buf_printf(out,
		      "# BEGIN keybuzz %s\n"
		      "UUID=%s %s xfs " KB_VOLUME_OPTIONS
		      ",nofail,x-systemd.device-timeout=30s 0 0\n"
		      "# END keybuzz %s\n",
		      target, uuid, target, target);
}

char *kb_volume_unit(const char *target)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:_.";
	struct kb_buf name = KB_BUF_INIT;

	for (const char *p = target + strspn(target, "/"); *p; p++) {
		if (*p == '/')
			kb_buf_putc(&name, '-');
		else if (strchr(plain, *p))
			kb_buf_putc(&name, *p);
		else
			kb_buf_printf(&name, "\\x%02x", (unsigned char)*p);
	}
	kb_buf_puts(&name, ".mount");
	return kb_buf_steal(&name);
}
