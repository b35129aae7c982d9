#include "builder/debian_filter.h"

#include <string.h>
#include <sys/stat.h>

#include "builder/debian.h"

static bool is_below(const char *path, const char *folder)
{
	size_t len = strlen(folder);

	return strncmp(path, folder, len) == 0 && path[len] == '/';
}

static bool ends_with(const char *path, const char *end)
{
	size_t a = strlen(path), b = strlen(end);

	return a >= b && strcmp(path + a - b, end) == 0;
}

/* Folders that stay, empty: what is in them belongs to the running container,
 * to apt, to the machine that made the image, or is a database that a package
 * made for this one installation, with its secrets. */
static bool is_in_emptied_folder(const char *path)
{
	static const char *const folders[] = {
		"dev",
		"proc",
		"sys",
		"run",
		"tmp",
		"var/tmp",
		"var/lib/apt/lists",
		"var/lib/apt/periodic",
		"var/lib/apt/mirrors",
		"var/lib/mysql",
		"var/lib/postgresql",
		"etc/postgresql",
		"etc/apt/sources.list.d",
	};

	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++)
		if (is_below(path, folders[i]))
			return true;
	return false;
}

/* Folders whose folders stay (a service may need one), but no file. debconf's
 * answers are kept: packages of the upper layer ask it. */
static bool is_in_folder_without_files(const char *path)
{
	if (is_below(path, "var/cache/debconf"))
		return ends_with(path, "-old");
	return is_below(path, "var/log") || is_below(path, "var/cache");
}

static bool is_left_over(const char *path)
{
	static const char *const files[] = {
		"etc/machine-id",
		"etc/hostname",
		"etc/resolv.conf",
		"etc/hosts",
		"etc/mailname",
		"etc/passwd-",
		"etc/group-",
		"etc/shadow-",
		"etc/gshadow-",
		"etc/subuid-",
		"etc/subgid-",
		"etc/.pwd.lock",
		"etc/apt/sources.list",
		"etc/apt/apt.conf.d/99mmdebstrap",
		"etc/dpkg/dpkg.cfg.d/99mmdebstrap",
		"var/lib/dbus/machine-id",
		"var/lib/dpkg/lock",
		"var/lib/dpkg/lock-frontend",
		"var/lib/dpkg/triggers/Lock",
		"var/lib/systemd/random-seed",
		"var/lib/systemd/catalog/database",
		"var/lib/apt/extended_states",
		"var/lib/rabbitmq/.erlang.cookie",
		"etc/ssl/private/ssl-cert-snakeoil.key",
		"etc/ssl/certs/ssl-cert-snakeoil.pem",
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		if (strcmp(path, files[i]) == 0)
			return true;
	return (is_below(path, "etc/ssh") && strncmp(path + 8, "ssh_host_", 9) == 0) ||
	       (is_below(path, "var/lib/dpkg") && ends_with(path, "-old")) ||
	       ends_with(path, ".pyc") || ends_with(path, ".dpkg-new") ||
	       ends_with(path, ".dpkg-tmp");
}

static bool is_documentation(const struct kb_tree_entry *e)
{
	static const char *const folders[] = {"usr/share/man",   "usr/share/info",
					      "usr/share/groff", "usr/share/lintian",
					      "usr/share/linda", "usr/share/locale"};
	const char *path = e->path;

	/* folders stay: dpkg forgets those that are gone, and postinst scripts of
	 * some packages want to write into them */
	if (S_ISDIR(e->mode))
		return false;
	if (is_below(path, "usr/share/doc")) /* links lead to another's licence */
		return S_ISREG(e->mode) && !ends_with(path, "/copyright");
	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++)
		if (is_below(path, folders[i]))
			return strcmp(path, "usr/share/locale/locale.alias") != 0;
	return false;
}

bool kb_debian_filter(struct kb_tree_entry *e)
{
	bool is_folder = S_ISDIR(e->mode);

	if (is_in_emptied_folder(e->path) || is_left_over(e->path) || is_documentation(e) ||
	    (!is_folder && is_in_folder_without_files(e->path)) ||
	    ends_with(e->path, "/__pycache__"))
		return false;
	/* a folder's time is that of the last change inside, which is today */
	if (is_folder || e->mtime > KB_DEBIAN_EPOCH || e->mtime < 0)
		e->mtime = KB_DEBIAN_EPOCH;
	return true;
}
