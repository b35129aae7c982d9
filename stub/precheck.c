#include "stub/precheck.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/file.h"
#include "stub/paths.h"
#include "stub/units.h"

static void check_rights(struct kb_problems *problems)
{
	static const struct {
		unsigned cap;
		const char *name;
	} needed[] = {{CAP_CHOWN, "CAP_CHOWN"},
		      {CAP_DAC_OVERRIDE, "CAP_DAC_OVERRIDE"},
		      {CAP_FOWNER, "CAP_FOWNER"},
		      {CAP_KILL, "CAP_KILL"}};
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{0}, {0}};

	if (syscall(SYS_capget, &head, data) < 0)
		return;
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (!(data[0].effective & 1u << needed[i].cap))
			kb_problems_add(problems, KB_E_ENVIRONMENT,
					"root without %s (a container or a restricted service?): "
					"it is needed to install",
					needed[i].name);
}

/* Images are a reason to need an engine, whether the role says so or not. */
static void check_engine(struct kb_scene *scene, struct kb_problems *problems)
{
	struct kb_engine_options options = {.progress = kb_report_progress(scene->report)};
	bool needed = *scene->m->engine || scene->m->n_images > 0;
	struct kb_err err;

	if (needed && !scene->engine)
		kb_problems_take(problems, kb_engine_open(&options, &scene->engine, &err), &err);
}

static bool has_units(const struct kb_manifest *m)
{
	for (size_t i = 0; i < m->n_steps; i++)
		if (m->steps[i].kind == KB_STEP_UNIT)
			return true;
	return false;
}

static void check_systemd(struct kb_scene *scene, struct kb_problems *problems)
{
	struct kb_err err;
	struct stat st;

	errno = ENOENT;
	if (fstatat(scene->rootfd, &KB_PATH_SYSTEMD[1], &st, 0) == 0)
		scene->systemd = S_ISDIR(st.st_mode) &&
				 faccessat(scene->rootfd, &KB_PATH_SYSTEMCTL[1], X_OK, 0) == 0;
	if (!scene->systemd && errno == EIO && has_units(scene->m))
		kb_problems_take(problems, kb_err_errno(&err, KB_E_IO, KB_PATH_SYSTEMD), &err);
	else if (!scene->systemd && has_units(scene->m))
		kb_problems_add(problems, KB_E_MISSING,
				"systemd does not run this host (no " KB_PATH_SYSTEMD
				" or no " KB_PATH_SYSTEMCTL "); the role's services need it");
}

uint64_t kb_memory_parse(const char *meminfo)
{
	const char *line = strstr(meminfo, "MemTotal:");
	uint64_t kib = 0;

	if (!line)
		return 0;
	for (line += 9; *line == ' '; line++)
		;
	for (; *line >= '0' && *line <= '9' && kib < UINT64_MAX / 16; line++)
		kib = kib * 10 + (uint64_t)(*line - '0');
	return kib / 1024;
}

static void check_memory(struct kb_scene *scene)
{
	kb_autobuf struct kb_buf text = KB_BUF_INIT;
	uint64_t have;

	if (!scene->m->memory_mib ||
	    kb_file_read_at(scene->rootfd, &KB_PATH_MEMINFO[1], 65536, &text, NULL) < 0)
		return;
	have = kb_memory_parse(text.data);
	if (have && have < scene->m->memory_mib)
		kb_report_warn(scene->report, "this host has %llu MiB of memory, %s wants %u",
			       (unsigned long long)have, scene->m->role, scene->m->memory_mib);
}

/* Folders of ours that others could have made first. */
static void check_own_folders(struct kb_scene *scene, struct kb_problems *problems)
{
	static const char *const ours[] = {KB_PATH_RUN, KB_PATH_LOGS, KB_PATH_UNITS};

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
		kb_autoclose int fd = -1;
		struct kb_err err;
		int rc = kb_path_open_dir(scene->rootfd, ours[i], NULL, &fd, &err);

		if (rc == KB_E_PATH)
			rc = err.code = KB_E_ENVIRONMENT;
		if (rc < 0 && rc != KB_E_MISSING)
			kb_problems_take(problems, rc, &err);
	}
}

void kb_precheck_needs(struct kb_scene *scene, struct kb_problems *problems)
{
	check_rights(problems);
	check_own_folders(scene, problems);
	check_engine(scene, problems);
	check_systemd(scene, problems);
	check_memory(scene);
}

/* One socket: "   0: 0100007F:1F90 00000000:0000 0A ..": local address and
 * port in hexadecimal, then the other end, then the state, 0A for listening. */
static bool listening_port(const char *line, size_t len, unsigned *ret_port)
{
	unsigned port, state;
	char text[160];
	const char *p;

	/* sscanf measures the text that it is given, and a table is long */
	snprintf(text, sizeof(text), "%.*s", (int)(len < sizeof(text) ? len : sizeof(text)), line);
	p = strchr(text, ':');
	if (!p || sscanf(p + 1, " %*[0-9A-Fa-f]:%4x %*[0-9A-Fa-f]:%*4x %2x", &port, &state) != 2)
		return false;
	*ret_port = port;
	return state == 0x0a;
}

void kb_ports_parse(const char *text, const uint16_t *ports, size_t n, bool *busy)
{
	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		unsigned port;

		line += *line == '\n';
		if (!listening_port(line, strcspn(line, "\n"), &port))
			continue;
		for (size_t i = 0; i < n; i++)
			busy[i] = busy[i] || ports[i] == port;
	}
}

/* A port is ours while a service of this role runs: which of them holds it is
 * not asked, since the socket may be a container's. */
static bool role_is_running(const struct kb_scene *scene)
{
	for (size_t i = 0; scene->systemd && i < scene->m->n_steps; i++) {
		const struct kb_step *step = &scene->m->steps[i];
		struct kb_unit_state state;

		if (step->kind == KB_STEP_UNIT && kb_unit_show(step->target, &state, NULL) == 0 &&
		    kb_unit_is_up(&state))
			return true;
	}
	return false;
}

void kb_precheck_ports(struct kb_scene *scene, struct kb_problems *problems)
{
	static const char *const tables[] = {KB_PATH_TCP, KB_PATH_TCP6};
	const struct kb_manifest *m = scene->m;
	kb_autofree bool *busy = kb_alloc(m->n_ports, sizeof(*busy));
	size_t n = 0;

	for (size_t i = 0; m->n_ports && i < 2; i++) {
		kb_autobuf struct kb_buf text = KB_BUF_INIT;

		if (kb_file_read_at(scene->rootfd, &tables[i][1], 16 << 20, &text, NULL) == 0)
			kb_ports_parse(text.data, m->ports, m->n_ports, busy);
	}
	for (size_t i = 0; i < m->n_ports; i++)
		n += busy[i];
	if (n == 0 || role_is_running(scene))
		return;
	for (size_t i = 0; i < m->n_ports; i++)
		if (busy[i])
			kb_problems_add(problems, KB_E_DEPENDENCY,
					"port %u is in use by a program that is not ours; `ss "
					"-ltnp` shows which",
					m->ports[i]);
}
