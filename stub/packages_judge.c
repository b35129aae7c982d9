/* Reading what apt-get says. Its words in the locale "C" have been the same
 * for twenty years; what is not understood is shown, never taken for good. */
#include <stdio.h>
#include <string.h>

#include "core/manifest.h"
#include "stub/packages.h"

static bool is_carried(const struct kb_package_plan *plan, const char *name, size_t name_len,
		       const char *version, size_t version_len)
{
	for (size_t i = 0; i < plan->n_carried; i++) {
		const struct kb_package *p = plan->carried[i];

		if (strlen(p->name) == name_len && strncmp(p->name, name, name_len) == 0)
			return strlen(p->version) == version_len &&
			       strncmp(p->version, version, version_len) == 0;
	}
	return false;
}

/* "Inst NAME[:ARCH] [OLD] (NEW where [arch])" */
static bool installs_carried(const struct kb_package_plan *plan, const char *line, size_t len)
{
	size_t name = 0, version = 0;
	const char *open;

	while (name < len && line[name] != ' ' && line[name] != ':')
		name++;
	open = memchr(line, '(', len);
	if (!open)
		return false;
	open++;
	while (open + version < line + len && open[version] != ' ' && open[version] != ')')
		version++;
	return is_carried(plan, line, name, open, version);
}

/* "Remv NAME[:ARCH] [VERSION]" */
static bool removes_named(const struct kb_package_plan *plan, const char *line, size_t len)
{
	size_t name = 0;

	while (name < len && line[name] != ' ' && line[name] != ':')
		name++;
	for (size_t i = 0; i < plan->n_removable; i++)
		if (strlen(plan->removable[i]) == name &&
		    strncmp(plan->removable[i], line, name) == 0)
			return true;
	return false;
}

int kb_packages_judge(const struct kb_package_plan *plan, const char *text, struct kb_err *err)
{
	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n");
		int shown = (int)(len < 200 ? len : 200);

		if (len > 5 && strncmp(line, "Remv ", 5) == 0 &&
		    !removes_named(plan, line + 5, len - 5))
			return kb_err_set(err, KB_E_DEPENDENCY,
					  "apt-get would remove %.*s; nothing was changed. Remove "
					  "it yourself if it may go",
					  shown - 5, line + 5);
		if (len > 5 && strncmp(line, "Inst ", 5) == 0 &&
		    !installs_carried(plan, line + 5, len - 5))
			return kb_err_set(err, KB_E_DEPENDENCY,
					  "apt-get would install %.*s, which the bundle does not "
					  "carry",
					  shown - 5, line + 5);
		line += len + (line[len] == '\n');
	}
	return 0;
}

static void add(char *out, size_t cap, const char *line, size_t len)
{
	size_t used = strlen(out);

	while (len && (*line == ' ' || *line == '\t'))
		line++, len--;
	if (len && used + 3 < cap)
		snprintf(out + used, cap - used, "%s%.*s", used ? "; " : "",
			 (int)(len < 300 ? len : 300), line);
}

/* " jq : Depends: libjq1 (= 1.7.1-6) but 99 is to be installed" */
static bool is_unmet(const char *line, size_t len)
{
	const char *colon = memchr(line, ':', len);

	return line[0] == ' ' && colon && colon > line && colon[-1] == ' ';
}

void kb_packages_reason(const char *text, char *out, size_t cap)
{
	const char *last = "";
	size_t last_len = 0, found = 0;

	out[0] = '\0';
	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n");

		if (len && (is_unmet(line, len) || strncmp(line, "E: ", 3) == 0) && found++ < 4)
			add(out, cap, line, len);
		if (len) {
			last = line;
			last_len = len;
		}
		line += len + (line[len] == '\n');
	}
	if (!found)
		add(out, cap, last_len ? last : "it said nothing", last_len ? last_len : 15);
}
