/* What the system says of itself: os-release, mountinfo, fstab, the tables of
 * sockets and of memory. Whatever stands before it, a line of ours is found. */
#include "tests/fuzz/fuzz.h"

#include "stub/osrelease.h"
#include "stub/precheck.h"
#include "stub/volume.h"

#define TARGET "/var/lib/db"

static void mounts(const char *text)
{
	kb_autofree char *more = kb_format(
		"%s\n36 35 98:0 / " TARGET " rw,noatime shared:1 - xfs /dev/sdz rw\n", text);
	struct kb_volume_mounted m;

	if (kb_volume_mounted(text, TARGET, &m))
		KB_MUST(strlen(m.type) < sizeof(m.type) && strlen(m.source) < sizeof(m.source));
	KB_MUST(kb_volume_mounted(more, TARGET, &m) && !m.read_only);
	KB_MUST(strcmp(m.type, "xfs") == 0 && strcmp(m.source, "/dev/sdz") == 0);
}

static void fstab(const char *text)
{
	kb_autofree char *before = kb_volume_fstab_source(text, TARGET), *after = NULL;
	kb_autobuf struct kb_buf more = KB_BUF_INIT;

	KB_MUST(!before || (before[0] && !strpbrk(before, " \t\n")));
	kb_volume_fstab_add(text, TARGET, "1-2", &more);
	after = kb_volume_fstab_source(more.data, TARGET);
	KB_MUST(after && strcmp(after, before ? before : "UUID=1-2") == 0);
}

static void ports(const char *text)
{
	static const uint16_t wanted[] = {6379, 1};
	kb_autofree char *more =
		kb_format("%s\n 0: 0100007F:18EB 00000000:0000 0A 00000000\n", text);
	bool busy[2] = {false}, with[2] = {false};

	kb_ports_parse(text, wanted, 2, busy);
	kb_ports_parse(more, wanted, 2, with);
	KB_MUST(with[0] && with[1] == busy[1]);
}

static void unit(const char *text)
{
	kb_autofree char *name = kb_volume_unit(text);
	size_t len = strlen(name);

	KB_MUST(len >= 6 && strcmp(name + len - 6, ".mount") == 0 && !strpbrk(name, "/ \n\t"));
}

static void system_of(const char *text, size_t len)
{
	struct kb_osrelease os;
	struct kb_err err = {.code = 0};
	int rc = kb_osrelease_parse(text, len, &os, &err);

	KB_MUST(rc == 0 || (rc == KB_E_TARGET && err.code == rc));
	if (rc < 0)
		return;
	KB_MUST(os.id[0] && !strpbrk(os.id, "\"'$`\\ ;|&/") &&
		!strpbrk(os.version, "\"'$`\\ ;|&/"));
	KB_MUST(kb_version_cmp(os.version, os.version) == 0);
	KB_MUST(kb_version_cmp(os.version, "12.5") == -kb_version_cmp("12.5", os.version));
}

KB_FUZZ(tables)
{
	kb_autofree char *text = kb_strndup((const char *)data, len);

	system_of((const char *)data, len);
	mounts(text);
	fstab(text);
	ports(text);
	unit(text);
	kb_memory_parse(text);
	return 0;
}
