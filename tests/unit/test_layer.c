#include "tests/unit/unit.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "builder/debian.h"
#include "builder/debian_filter.h"
#include "builder/layer.h"
#include "builder/layer_diff.h"
#include "builder/layer_locale.h"
#include "core/file.h"

struct item {
	const char *path;
	char type;        /* 'd' folder, 'f' file, 'l' link, 'h' hard link, 'c' device, 0 end */
	const char *text; /* content, or target */
	mode_t mode;
	unsigned owner;
	long mtime;
};

static void write_item(struct archive *a, const struct item *item)
{
	static const struct {
		char letter;
		unsigned type;
	} types[] = {{'d', AE_IFDIR},
		     {'f', AE_IFREG},
		     {'l', AE_IFLNK},
		     {'h', AE_IFREG},
		     {'c', AE_IFCHR}};
	struct archive_entry *e = archive_entry_new();
	size_t len = item->type == 'f' && item->text ? strlen(item->text) : 0;

	archive_entry_set_pathname(e, item->path);
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (types[i].letter == item->type)
			archive_entry_set_filetype(e, types[i].type);
	archive_entry_set_perm(e, item->mode);
	archive_entry_set_uid(e, item->owner);
	archive_entry_set_gid(e, item->owner);
	archive_entry_set_uname(e, "somebody");
	archive_entry_set_mtime(e, item->mtime, 123456789);
	archive_entry_set_atime(e, 99, 0);
	archive_entry_set_size(e, (la_int64_t)len);
	if (item->type == 'l')
		archive_entry_set_symlink(e, item->text);
	if (item->type == 'h')
		archive_entry_set_hardlink(e, item->text);
	if (strstr(item->path, "ping"))
		archive_entry_xattr_add_entry(e, "security.capability", "\1\0\0\2xx", 6);
	archive_entry_xattr_add_entry(e, "user.note", "dropped", 7);
	assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
	if (len)
		assert_int_equal(archive_write_data(a, item->text, len), (la_ssize_t)len);
	archive_entry_free(e);
}

/* A descriptor at the beginning of a tar of ITEMS, from the last when REVERSED. */
static int tar_of(const struct item *items, bool reversed)
{
	kb_autolocale struct kb_layer_locale locale = KB_LAYER_LOCALE_INIT;
	struct archive *a = archive_write_new();
	int fd = memfd_create("tar", MFD_CLOEXEC);
	size_t n = 0;

	assert_int_equal(kb_layer_locale_begin(&locale, NULL), 0);
	archive_write_set_format_pax(a);
	assert_int_equal(archive_write_open_fd(a, fd), ARCHIVE_OK);
	while (items[n].type)
		n++;
	for (size_t i = 0; i < n; i++)
		write_item(a, &items[reversed ? n - 1 - i : i]);
	assert_int_equal(archive_write_close(a), ARCHIVE_OK);
	archive_write_free(a);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static void read_items(struct kb_tree *tree, const struct item *items, bool reversed)
{
	kb_autoclose int fd = tar_of(items, reversed);
	struct kb_err err;

	if (kb_tree_read(tree, fd, kb_test_dir(), NULL, &err) < 0)
		fail_msg("%s", err.text);
}

static struct kb_store *layer_store(void)
{
	kb_autofree char *dir = kb_format("%s/layers", kb_test_dir());
	struct kb_store *store;
	struct kb_err err;

	assert_int_equal(kb_store_open(dir, &store, &err), 0);
	return store;
}

/* "path type\n".. of what a stored layer holds. */
static void list_layer(struct kb_store *store, const struct kb_digest *layer, struct kb_buf *out)
{
	kb_autotree struct kb_tree tree = KB_TREE_INIT;
	kb_autoclose int fd = -1;
	struct kb_err err;

	kb_buf_puts(out, "");
	assert_int_equal(kb_store_read(store, layer, &fd, NULL, &err), 0);
	assert_int_equal(kb_tree_read(&tree, fd, NULL, NULL, &err), 0);
	for (size_t i = 0; i < tree.n; i++) {
		const struct kb_tree_entry *e = &tree.entries[i];

		kb_buf_printf(out, "%s%s%s%s\n", e->path, S_ISDIR(e->mode) ? "/" : "",
			      e->target ? " -> "
			      : e->hard ? " = "
					: "",
			      e->target ? e->target
			      : e->hard ? e->hard
					: "");
	}
}

static void check_diff(const struct item *base_items, const struct item *full_items,
		       const char *expected)
{
	kb_autotree struct kb_tree base = KB_TREE_INIT, full = KB_TREE_INIT;
	kb_autostore struct kb_store *store = layer_store();
	kb_autobuf struct kb_buf list = KB_BUF_INIT;
	struct kb_digest layer;
	uint64_t size;
	struct kb_err err;

	read_items(&base, base_items, false);
	read_items(&full, full_items, true);
	assert_int_equal(kb_layer_diff(&base, &full, store, &layer, &size, &err), 0);
	if (!*expected) {
		assert_int_equal(size, 0);
		return;
	}
	list_layer(store, &layer, &list);
	assert_string_equal(list.data, expected);
}

static const struct item base_tree[] = {
	{"./", 'd', NULL, 0755, 0, 5},
	{"./etc/", 'd', NULL, 0755, 0, 5},
	{"./etc/conf", 'f', "text", 0644, 0, 5},
	{"./etc/old/", 'd', NULL, 0755, 0, 5},
	{"./etc/old/a", 'f', "a", 0644, 0, 5},
	{"./usr/", 'd', NULL, 0755, 0, 5},
	{"./usr/bin/", 'd', NULL, 0755, 0, 5},
	{"./usr/bin/perl", 'f', "program", 0755, 0, 5},
	{"./usr/bin/perl5", 'h', "./usr/bin/perl", 0755, 0, 5},
	{"./usr/bin/sh", 'l', "dash", 0777, 0, 5},
	{NULL, 0, NULL, 0, 0, 0},
};

KB_TEST(layer_has_the_same_bytes_whatever_the_order_of_its_source)
{
	kb_autostore struct kb_store *store = layer_store();
	struct kb_digest one, two;
	struct kb_err err;

	for (int i = 0; i < 2; i++) {
		kb_autotree struct kb_tree tree = KB_TREE_INIT;

		read_items(&tree, base_tree, i == 1);
		assert_int_equal(
			kb_tree_write(&tree, NULL, NULL, 0, store, i ? &two : &one, NULL, &err), 0);
	}
	assert_true(kb_digest_eq(&one, &two));
}

/* D17: of extended attributes only what layers need. */
KB_TEST(layer_holds_what_the_tree_says_and_no_more)
{
	static const struct item items[] = {
		{"./bin/", 'd', NULL, 01777, 7, 5},
		{"./bin/ping", 'f', "ping", 04755, 70000, 1000000000},
		{"./bin/z\xc5\x91", 'f', "", 0600, 0, 5},
		{"./bin/l", 'l',
		 "/absolute/and/long/enough/to/need/an/extended/header/because/a/"
		 "ustar/field/holds/one/hundred/bytes/and/not/one/more",
		 0777, 0, 5},
		{"./dev/null", 'c', NULL, 0666, 0, 5},
		{NULL, 0, NULL, 0, 0, 0},
	};
	kb_autotree struct kb_tree tree = KB_TREE_INIT, again = KB_TREE_INIT;
	kb_autostore struct kb_store *store = layer_store();
	kb_autobuf struct kb_buf raw = KB_BUF_INIT;
	const struct kb_tree_entry *e;
	kb_autoclose int fd = -1;
	struct kb_digest layer;
	struct kb_err err;

	read_items(&tree, items, false);
	assert_int_equal(kb_tree_write(&tree, NULL, NULL, 0, store, &layer, NULL, &err), 0);
	assert_int_equal(kb_store_read(store, &layer, &fd, NULL, &err), 0);
	assert_int_equal(kb_tree_read(&again, fd, kb_test_dir(), NULL, &err), 0);
	assert_int_equal(again.n, 4); /* no device */
	e = kb_tree_find(&again, "bin/ping");
	assert_non_null(e);
	assert_int_equal(e->mode, S_IFREG | 04755);
	assert_int_equal(e->uid, 70000);
	assert_int_equal(e->mtime, 1000000000);
	assert_int_equal(e->n_caps, 6);
	assert_non_null(kb_tree_find(&again, "bin/z\xc5\x91"));
	assert_string_equal(kb_tree_find(&again, "bin/l")->target, items[3].text);
	assert_int_equal(kb_store_get(store, &layer, 1 << 20, &raw, &err), 0);
	assert_null(memmem(raw.data, raw.len, "somebody", 8));
	assert_null(memmem(raw.data, raw.len, "user.note", 9));
	assert_null(memmem(raw.data, raw.len, "atime", 5));
}

KB_TEST(equal_trees_have_no_difference)
{
	check_diff(base_tree, base_tree, "");
}

KB_TEST(difference_holds_changes_parents_and_whiteouts)
{
	static const struct item full_tree[] = {
		{"./", 'd', NULL, 0755, 0, 5},
		{"./etc/", 'd', NULL, 0755, 0, 5},
		{"./etc/conf", 'f', "Text", 0644, 0, 5}, /* same size */
		{"./opt/", 'd', NULL, 0700, 9, 5},
		{"./opt/new", 'f', "new", 0644, 9, 5},
		{"./usr/", 'd', NULL, 0755, 0, 5},
		{"./usr/bin/", 'd', NULL, 0755, 0, 5},
		{"./usr/bin/perl", 'f', "program", 0755, 0, 5},
		{"./usr/bin/sh", 'l', "bash", 0777, 0, 5},
		{NULL, 0, NULL, 0, 0, 0},
	};

	check_diff(base_tree, full_tree,
		   "etc/\netc/.wh.old\netc/conf\nopt/\nopt/new\nusr/\nusr/bin/\n"
		   "usr/bin/.wh.perl5\nusr/bin/sh -> bash\n");
}

KB_TEST(difference_in_attributes_alone_counts)
{
	static const struct item a[] = {{"one", 'f', "1", 0644, 0, 5},
					{"two", 'f', "2", 0644, 0, 5},
					{"three", 'f', "3", 0644, 0, 5},
					{"four", 'd', NULL, 0755, 0, 5},
					{NULL, 0, NULL, 0, 0, 0}};
	static const struct item b[] = {{"one", 'f', "1", 0640, 0, 5},
					{"two", 'f', "2", 0644, 8, 5},
					{"three", 'f', "3", 0644, 0, 6},
					{"four", 'd', NULL, 0755, 0, 5},
					{NULL, 0, NULL, 0, 0, 0}};

	check_diff(a, b, "one\nthree\ntwo\n");
}

KB_TEST(folder_that_became_a_file_replaces_it_whole)
{
	static const struct item a[] = {{"x", 'd', NULL, 0755, 0, 5},
					{"x/y", 'f', "1", 0644, 0, 5},
					{NULL, 0, NULL, 0, 0, 0}};
	static const struct item b[] = {{"x", 'f', "1", 0644, 0, 5}, {NULL, 0, NULL, 0, 0, 0}};

	check_diff(a, b, "x\n");
	check_diff(b, a, "x/\nx/y\n");
}

/* The first name may be one that the difference leaves out. */
KB_TEST(hard_link_never_leads_out_of_its_layer)
{
	static const struct item a[] = {{"a", 'f', "same", 0644, 0, 5}, {NULL, 0, NULL, 0, 0, 0}};
	static const struct item b[] = {{"a", 'f', "same", 0644, 0, 5},
					{"b", 'h', "a", 0644, 0, 5},
					{"c", 'h', "a", 0644, 0, 5},
					{NULL, 0, NULL, 0, 0, 0}};

	check_diff(a, b, "b\nc = b\n");
}

/* D7 */
KB_TEST(hard_link_to_nothing_is_refused)
{
	static const struct item items[] = {{"b", 'h', "a", 0644, 0, 5}, {NULL, 0, NULL, 0, 0, 0}};
	kb_autotree struct kb_tree tree = KB_TREE_INIT;
	kb_autoclose int fd = tar_of(items, false);
	struct kb_err err;

	assert_int_equal(kb_tree_read(&tree, fd, kb_test_dir(), NULL, &err), KB_E_INVALID);
}

KB_TEST(traces_of_the_making_and_documentation_are_filtered_and_licences_are_not)
{
	static const char *const dropped[] = {
		"dev/null",
		"etc/machine-id",
		"etc/hostname",
		"etc/resolv.conf",
		"etc/apt/sources.list",
		"etc/ssh/ssh_host_rsa_key",
		"var/log/dpkg.log",
		"var/cache/ldconfig/aux-cache",
		"var/lib/apt/lists/some_Packages",
		"var/lib/dpkg/status-old",
		"etc/shadow-",
		"usr/lib/python3/x.pyc",
		"usr/share/man/man1/x.1",
		"usr/share/doc/x/README",
		"usr/share/locale/de/x.mo",
		"tmp/x",
		"run/x",
		"var/cache/debconf/templates.dat-old",
		"var/lib/mysql/ibdata1",
		"var/lib/postgresql/17/main/PG_VERSION",
		"var/lib/rabbitmq/.erlang.cookie",
	};
	static const char *const kept[] = {
		"etc/shadow",
		"etc/ssh/sshd_config",
		"var/lib/dpkg/status",
		"usr/bin/x",
		"usr/share/doc/x/copyright",
		"usr/share/locale/locale.alias",
		"usr/share/manual",
		"var/cache/debconf/templates.dat",
	};
	struct kb_tree_entry e = {.mode = S_IFREG | 0644};

	for (size_t i = 0; i < sizeof(dropped) / sizeof(*dropped); i++) {
		e.path = (char *)dropped[i];
		if (kb_debian_filter(&e))
			fail_msg("%s is kept", e.path);
	}
	for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++) {
		e.path = (char *)kept[i];
		if (!kb_debian_filter(&e))
			fail_msg("%s is dropped", e.path);
	}
	e = (struct kb_tree_entry){
		.path = (char *)"var/log/redis", .mode = S_IFDIR | 0750, .mtime = 5};
	assert_true(kb_debian_filter(&e));
	assert_int_equal(e.mtime, KB_DEBIAN_EPOCH);
	e.mode = S_IFLNK | 0777;
	e.path = (char *)"usr/share/doc/x";
	assert_true(kb_debian_filter(&e));
}

/* ---- bytes on their way in ---- */

KB_TEST(layer_without_compression_is_stored_as_it_is)
{
	kb_autostore struct kb_store *store = layer_store();
	kb_autoclose int fd = tar_of(base_tree, false);
	struct kb_digest digest;
	uint64_t size, stored;
	struct kb_err err;

	assert_int_equal(kb_digest_of_fd(fd, &digest, &size, &err), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(kb_layer_import_fd(store, fd, &digest, &digest, &stored, &err), 0);
	assert_int_equal(size, stored);
	assert_int_equal(kb_store_check(store, &digest, &err), 0);
}

KB_TEST(blob_with_more_behind_its_compressed_data_has_another_digest)
{
	/* gzip of "x", RFC 1952 */
	static const unsigned char gzip[] = {0x1f, 0x8b, 0x8,  0x0,  0x0, 0x0, 0x0,
					     0x0,  0x2,  0x3,  0xab, 0x0, 0x0, 0x83,
					     0x16, 0xdc, 0x8c, 0x1,  0x0, 0x0, 0x0};
	kb_autostore struct kb_store *store = layer_store();
	struct kb_digest plain, blob;
	struct kb_err err;

	kb_digest_of("x", 1, &plain);
	kb_digest_of(gzip, sizeof(gzip), &blob);
	for (size_t more = 0; more < 2; more++) {
		kb_autoclose int fd = memfd_create("blob", MFD_CLOEXEC);

		assert_int_equal(write(fd, gzip, sizeof(gzip)), sizeof(gzip));
		assert_int_equal(write(fd, "trailing", more * 8), more * 8);
		assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
		assert_int_equal(kb_layer_import_fd(store, fd, &blob, &plain, NULL, &err),
				 more ? KB_E_DAMAGED : 0);
	}
}
