/* What apt-get says it would do: as soon as one line installs or removes
 * something that is not named, the whole is refused, whatever else is said. */
#include "tests/fuzz/fuzz.h"

#include "core/manifest.h"
#include "core/mem.h"
#include "stub/packages.h"

static int judge(const char *text, struct kb_err *err)
{
	static char name[] = "jq", version[] = "1.7.1-6";
	static const char *removable[] = {"ntpsec"};
	const struct kb_package jq = {.name = name, .version = version};
	const struct kb_package *carried[] = {&jq};
	const struct kb_package_plan plan = {
		.carried = carried, .n_carried = 1, .removable = removable, .n_removable = 1};

	return kb_packages_judge(&plan, text, err);
}

KB_FUZZ(simulation)
{
	static const char *const bad[] = {"Inst evil (1 localhost [amd64])", "Remv libc6 [2.36]",
					  "Inst jq (9 localhost [amd64])"};
	kb_autofree char *text = kb_strndup((const char *)data, len);
	char reason[512];
	struct kb_err err;
	int rc = judge(text, &err);

	KB_MUST(rc == 0 || rc == KB_E_DEPENDENCY);
	KB_MUST(rc == 0 || strstr(text, "Inst ") || strstr(text, "Remv "));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		kb_autofree char *more = kb_format("%s\n%s\n", text, bad[i]);

		KB_MUST(judge(more, NULL) == KB_E_DEPENDENCY);
	}
	kb_packages_reason(text, reason, sizeof(reason));
	KB_MUST(strlen(reason) < sizeof(reason));
	return 0;
}
