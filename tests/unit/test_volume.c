#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "core/proc.h"
#include "stub/execute.h"
#include "stub/step.h"
#include "stub/volume.h"

/* ---- the tables of the system ---- */

#define ROOT "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n"

static void mounted(const char *table, const char *target, const char *wanted)
{
	struct kb_volume_mounted m = {.type = ""};
	char text[512];
	bool found = kb_volume_mounted(table, target, &m);

	snprintf(text, sizeof(text), "%s %s%s", m.source, m.type, m.read_only ? " ro" : "");
	assert_string_equal(found ? text : "no", wanted);
}

KB_TEST(volume_mounted_is_read_from_mountinfo)
{
	mounted(ROOT, "/data", "no");
	mounted("", "/data", "no");
	mounted(ROOT "36 22 8:16 / /data rw,noatime shared:2 master:1 - xfs /dev/sdb rw\n", "/data",
		"/dev/sdb xfs");
	mounted(ROOT "36 22 8:16 / /data rw,noatime - xfs /dev/sdb rw\n", "/data", "/dev/sdb xfs");
	mounted(ROOT "36 22 8:16 / /data/more rw - xfs /dev/sdb rw\n", "/data", "no");
	mounted("36 22 8:16 / /da\\040ta ro,noatime - xfs /dev/disk\\134x rw\n", "/da ta",
		"/dev/disk\\x xfs ro");
	/* a name that begins like an option is none */
	mounted("36 22 8:16 / /data rw,rodeo - xfs /dev/sdb rw\n", "/data", "/dev/sdb xfs");
}

KB_TEST(volume_mounted_last_lies_on_top)
{
	mounted("36 22 8:16 / /data rw - ext4 /dev/sdb rw\n"
		"37 36 8:32 / /data rw - xfs /dev/sdc rw\n",
		"/data", "/dev/sdc xfs");
}

KB_TEST(volume_mountinfo_that_is_cut_is_no_mount)
{
	mounted("36 22 8:16 /", "/data", "no");
	mounted("36 22 8:16 / /data", "/data", " ");
	mounted("36 22 8:16 / /data rw master:1", "/data", " ");
}

static void listed(const char *fstab, const char *target, const char *wanted)
{
	kb_autofree char *source = kb_volume_fstab_source(fstab, target);

	assert_string_equal(source ? source : "no", wanted);
}

KB_TEST(volume_fstab_names_the_source)
{
	listed("", "/data", "no");
	listed("# /dev/sda /data xfs\n#UUID=x /data\n", "/data", "no");
	listed("/dev/sda / ext4\nUUID=1-2\t/data  xfs defaults 0 0", "/data", "UUID=1-2");
	listed("  LABEL=x /da\\040ta xfs", "/da ta", "LABEL=x");
	listed("/dev/sda\n/data\n", "/data", "no");
}

KB_TEST(volume_fstab_gets_a_block)
{
	kb_autobuf struct kb_buf out = KB_BUF_INIT;

	kb_volume_fstab_add("/dev/sda / ext4", "/opt/x", "1-2", &out);
	assert_string_equal(out.data,
			    "/dev/sda / ext4\n# BEGIN keybuzz /opt/x\n"
			    "UUID=1-2 /opt/x xfs noatime,nofail,x-systemd.device-timeout=30s 0 0\n"
			    "# END keybuzz /opt/x\n");
	listed(out.data, "/opt/x", "UUID=1-2");
}

KB_TEST(volume_unit_is_named_as_systemd_does)
{
	kb_autofree char *plain = kb_volume_unit("/opt/keybuzz/postgres/data");
	kb_autofree char *odd = kb_volume_unit("/a-b/c_d e");

	assert_string_equal(plain, "opt-keybuzz-postgres-data.mount");
	assert_string_equal(odd, "a\\x2db-c_d\\x20e.mount");
}

/* ---- devices: files here, which the same programs read ---- */

static char *image(const char *name, off_t size)
{
	char *path = kb_format("%s/%s", kb_test_dir(), name);
	kb_autoclose int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, size), 0);
	return path;
}

static void make(const char *program, const char *option, const char *path)
{
	const char *argv[] = {program, option, path, NULL};
	struct kb_proc proc = {.argv = argv, .timeout = 60};
	struct kb_proc_result result;

	assert_int_equal(kb_proc_run(&proc, &result, NULL), 0);
	assert_int_equal(result.status, 0);
}

static void put_at(const char *path, off_t at, const char *bytes, size_t len)
{
	kb_autoclose int fd = open(path, O_WRONLY);

	assert_int_equal(pwrite(fd, bytes, len, at), (ssize_t)len);
}

static struct kb_volume_probe probe(const char *path)
{
	struct kb_volume_probe p;
	struct kb_err err;

	if (kb_volume_probe(path, &p, &err) < 0)
		fail_msg("%s", err.text);
	return p;
}

KB_TEST(volume_probe_tells_empty_from_data)
{
	kb_autofree char *path = image("volume-data", 64 << 20);

	assert_int_equal(probe(path).content, KB_VOLUME_EMPTY);
	make("/usr/sbin/mke2fs", "-q", path);
	assert_int_equal(probe(path).content, KB_VOLUME_OTHER);
	assert_string_equal(probe(path).what, "ext2");
}

KB_TEST(volume_probe_knows_swap_partitions_and_the_encrypted)
{
	kb_autofree char *swap = image("volume-swap", 16 << 20);
	kb_autofree char *dos = image("volume-dos", 16 << 20);
	kb_autofree char *luks = image("volume-luks", 16 << 20);

	make("/usr/sbin/mkswap", "-q", swap);
	assert_string_equal(probe(swap).what, "swap");
	/* one partition of Linux from sector 2048 on */
	put_at(dos, 446, "\0\0\0\0\203\0\0\0\0\010\0\0\0\010\0\0", 16);
	put_at(dos, 510, "\125\252", 2);
	assert_int_equal(probe(dos).content, KB_VOLUME_OTHER);
	assert_string_equal(probe(dos).what, "dos partition table");
	put_at(luks, 0, "LUKS\272\276\0\1aes", 11);
	assert_int_equal(probe(luks).content, KB_VOLUME_OTHER);
	assert_string_equal(probe(luks).what, "crypto_LUKS");
}

KB_TEST(volume_format_makes_what_probe_finds_and_refuses_data)
{
	kb_autofree char *path = image("volume-xfs", (off_t)320 << 20);
	struct kb_volume_probe p;
	struct kb_report report;
	struct kb_err err;

	kb_report_init(&report, -1, false, true);
	if (kb_volume_format(&report, "v", path, "kb-unit", &err) < 0)
		fail_msg("%s", err.text);
	p = probe(path);
	assert_int_equal(p.content, KB_VOLUME_XFS);
	assert_string_equal(p.label, "kb-unit");
	assert_int_equal(strlen(p.uuid), 36);
	/* the last guard, should all others fail */
	assert_int_equal(kb_volume_format(&report, "v", path, "kb-other", &err), KB_E_STEP);
	assert_string_equal(probe(path).uuid, p.uuid);
	kb_report_free(&report);
	unlink(path);
}

KB_TEST(volume_probe_of_nothing_is_no_empty_device)
{
	struct kb_volume_probe p;
	struct kb_err err;

	assert_int_equal(kb_volume_probe("/nowhere/disk", &p, &err), KB_E_MISSING);
}

KB_TEST(volume_device_is_a_device)
{
	kb_autofree char *path = image("volume-file", 4096);
	struct kb_err err;

	assert_int_equal(kb_volume_check_unused(path, &err), KB_E_PATH);
	assert_int_equal(kb_volume_check_unused("/nowhere/disk", &err), KB_E_MISSING);
}

/* ---- the site's word ---- */

static struct kb_value *volumes(const char *device, const char *host, const char *of_host,
				bool root)
{
	struct kb_value *all = kb_value_map(), *map = kb_value_map(), *hosts = kb_value_list();
	struct kb_value *entry = kb_value_map();

	kb_value_set(entry, "host", kb_value_text(host ? host : "h0"));
	kb_value_set(entry, "device", kb_value_text(of_host ? of_host : "/dev/other"));
	kb_value_push(hosts, entry);
	kb_value_set(map, "device", kb_value_text(device));
	kb_value_set(map, "hosts", hosts);
	kb_value_set(map, "root", kb_value_bool(root));
	kb_value_set(all, "volumes", map);
	return all;
}

KB_TEST(volume_settings_of_a_host_win)
{
	kb_autovalue struct kb_value *v = volumes("/dev/sdb", "h1", "UUID=1", true);
	kb_autovalue struct kb_value *none = kb_value_map();
	const char *device;
	struct kb_err err;
	bool root;

	assert_int_equal(kb_volume_settings(v, "h1", &device, &root, &err), 0);
	assert_string_equal(device, "UUID=1");
	assert_int_equal(kb_volume_settings(v, "h2", &device, &root, &err), 0);
	assert_string_equal(device, "/dev/sdb");
	assert_true(root);
	assert_int_equal(kb_volume_settings(none, "h1", &device, &root, &err), 0);
	assert_string_equal(device, "");
	assert_false(root);
}

KB_TEST(volume_settings_name_devices)
{
	kb_autovalue struct kb_value *v = volumes("sdb", NULL, NULL, true);
	const char *device;
	struct kb_err err;
	bool root;

	assert_int_equal(kb_volume_settings(v, "h1", &device, &root, &err), KB_E_INVALID);
}

/* ---- the step, on a host in a scratch folder ---- */

struct host {
	struct kb_run run;
	struct kb_scene scene;
	struct kb_manifest manifest;
	struct kb_step step;
	struct kb_host self;
	struct kb_plan plan;
	struct kb_digest release;
	uint8_t boot[KB_BOOT_LEN];
	char *args[1];
	char label[32], id[8], target[16], source[1], role[8];
};

static void put(int dirfd, const char *name, const char *text)
{
	kb_autoclose int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static struct host *new_host(const char *name, struct kb_value *variables, const char *mounts)
{
	struct host *h = kb_alloc(1, sizeof(*h));
	kb_autofree char *root = kb_format("%s/%s", kb_test_dir(), name);
	static const char *const folders[] = {"etc", "proc", "proc/self"};

	assert_int_equal(mkdir(root, 0755), 0);
	h->run.rootfd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(mkdirat(h->run.rootfd, folders[i], 0755), 0);
	put(h->run.rootfd, "proc/self/mountinfo", mounts);
	kb_report_init(&h->run.report, h->run.rootfd, false, true);
	/* a label that no device of any test machine has */
	snprintf(h->label, sizeof(h->label), "kb-%d", (int)getpid());
	strcpy(h->id, "data");
	strcpy(h->target, "/opt/data");
	strcpy(h->role, "role");
	h->args[0] = h->label;
	h->step = (struct kb_step){.id = h->id,
				   .kind = KB_STEP_VOLUME,
				   .source = h->source,
				   .target = h->target,
				   .args = h->args,
				   .n_args = 1,
				   .uid = getuid(),
				   .gid = getgid(),
				   .mode = 0700};
	h->manifest = (struct kb_manifest){
		.role = h->role, .steps = &h->step, .n_steps = 1, .variables = variables};
	h->self = (struct kb_host){.name = "h1", .address = "10.0.0.1", .role = "r"};
	h->scene = (struct kb_scene){.run = &h->run,
				     .report = &h->run.report,
				     .rootfd = h->run.rootfd,
				     .m = &h->manifest,
				     .release = &h->release,
				     .state = KB_STATEDIR_INIT,
				     .verb = "install"};
	h->scene.target.self = &h->self;
	assert_int_equal(kb_journal_open(h->scene.rootfd, "role", h->boot, &h->scene.journal, NULL),
			 0);
	return h;
}

static void free_host(struct host *h)
{
	h->scene.target.self = NULL;
	kb_plan_free(&h->plan);
	kb_value_free(h->manifest.variables);
	close(h->run.rootfd);
	kb_scene_close(&h->scene);
	kb_report_free(&h->run.report);
	free(h);
}

/* "ACTION REASON", or the problem. */
static const char *planned(struct host *h)
{
	static char text[1024];
	kb_autoproblems struct kb_problems problems = KB_PROBLEMS_INIT;

	kb_plan_free(&h->plan);
	kb_plan_make(&h->scene, KB_PHASE_INSTALL, &h->plan, &problems);
	if (problems.n)
		snprintf(text, sizeof(text), "%d %s", -problems.at[0].code, problems.at[0].text);
	else
		snprintf(text, sizeof(text), "%s %s", kb_action_name(h->plan.items[0].action),
			 h->plan.items[0].reason);
	return text;
}

KB_TEST(volume_on_the_root_only_where_the_site_permits_it)
{
	struct host *h = new_host("volume-root", volumes("", NULL, NULL, false), ROOT);
	kb_autooutcome struct kb_outcome outcome = {0};
	struct stat st;
	struct kb_err err;

	assert_non_null(strstr(planned(h), "the root file system is not permitted"));
	kb_value_free(h->manifest.variables);
	h->manifest.variables = volumes("", NULL, NULL, true);
	assert_string_equal(planned(h),
			    "add /opt/data: on the root file system, as the site permits");
	if (kb_execute_install(&h->scene, &h->plan, &outcome, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(fstatat(h->run.rootfd, "opt/data", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_string_equal(planned(h),
			    "keep /opt/data: on the root file system, as the site permits");
	assert_int_equal(fchmodat(h->run.rootfd, "opt/data", 0755, 0), 0);
	assert_non_null(strstr(planned(h), "; owner or mode is not"));
	free_host(h);
}

KB_TEST(volume_that_is_mounted_is_kept)
{
	struct host *h = new_host("volume-kept", volumes("/dev/sdb", NULL, NULL, false),
				  ROOT "36 22 8:16 / /opt/data rw - xfs /dev/kept rw\n");

	put(h->run.rootfd, "etc/fstab", "UUID=1 /opt/data xfs\n");
	assert_int_equal(mkdirat(h->run.rootfd, "opt", 0755), 0);
	assert_int_equal(mkdirat(h->run.rootfd, "opt/data", 0700), 0);
	assert_string_equal(planned(h), "keep /opt/data: /dev/kept");
	free_host(h);
}

KB_TEST(volume_of_another_kind_is_refused)
{
	struct host *h = new_host("volume-other", volumes("", NULL, NULL, true),
				  ROOT "36 22 8:16 / /opt/data rw - ext4 /dev/sdb rw\n");

	assert_string_equal(planned(h), "30 step data: /opt/data: /dev/sdb with ext4 is mounted "
					"there, an XFS volume is wanted");
	put(h->run.rootfd, "proc/self/mountinfo",
	    ROOT "36 22 8:16 / /opt/data ro - xfs /dev/sdb rw\n");
	assert_non_null(strstr(planned(h), "mounted read-only"));
	free_host(h);
}

KB_TEST(volume_that_is_named_must_be_there)
{
	struct host *h =
		new_host("volume-gone", volumes("/dev/no-such-disk", NULL, NULL, true), ROOT);

	assert_non_null(strstr(planned(h), "/dev/no-such-disk: No such file"));
	kb_value_free(h->manifest.variables);
	h->manifest.variables =
		volumes("UUID=12345678-aaaa-bbbb-cccc-000000000000", NULL, NULL, true);
	assert_non_null(strstr(planned(h), "no device has UUID=12345678"));
	/* what is to be mounted at every boot is not left out silently */
	put(h->run.rootfd, "etc/fstab",
	    "UUID=12345678-aaaa-bbbb-cccc-000000000000 /opt/data xfs\n");
	assert_non_null(strstr(planned(h), "no device has that"));
	free_host(h);
}

KB_TEST(volume_label_is_one_that_xfs_can_have)
{
	struct host *h = new_host("volume-label", volumes("", NULL, NULL, true), ROOT);

	strcpy(h->label, "kb-much-too-long");
	assert_non_null(strstr(planned(h), "a label of at most 12"));
	strcpy(h->label, "kb post");
	assert_non_null(strstr(planned(h), "a label of at most 12"));
	h->step.n_args = 0;
	assert_non_null(strstr(planned(h), "a label of at most 12"));
	free_host(h);
}
