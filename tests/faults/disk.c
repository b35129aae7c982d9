#define FUSE_USE_VERSION 31

#include "tests/faults/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <fuse3/fuse.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/file.h"
#include "core/mem.h"
#include "tests/faults/fail.h"

#define FILE_NAME "/disk"

/* Before each write in the log. */
struct head {
	uint64_t at, len;
};

/* The server's: one disk a process. */
static int image_fd, log_fd;

static int get_attributes(const char *path, struct stat *st, struct fuse_file_info *file)
{
	(void)file;
	if (strcmp(path, FILE_NAME) == 0)
		return fstat(image_fd, st) < 0 ? -errno : 0;
	memset(st, 0, sizeof(*st));
	st->st_mode = S_IFDIR | 0700;
	st->st_nlink = 2;
	return strcmp(path, "/") == 0 ? 0 : -ENOENT;
}

static int set_times(const char *path, const struct timespec times[2], struct fuse_file_info *file)
{
	(void)path;
	(void)times;
	(void)file;
	return 0;
}

static int read_disk(const char *path, char *data, size_t len, off_t at,
		     struct fuse_file_info *file)
{
	ssize_t n = pread(image_fd, data, len, at);

	(void)path;
	(void)file;
	return n < 0 ? -errno : (int)n;
}

static int write_disk(const char *path, const char *data, size_t len, off_t at,
		      struct fuse_file_info *file)
{
	struct head head = {(uint64_t)at, len};
	struct iovec parts[2] = {{&head, sizeof(head)}, {(void *)(uintptr_t)data, len}};

	(void)path;
	(void)file;
	if (pwrite(image_fd, data, len, at) != (ssize_t)len ||
	    writev(log_fd, parts, 2) != (ssize_t)(sizeof(head) + len))
		return -EIO;
	return (int)len;
}

static int flush_disk(const char *path, int data_only, struct fuse_file_info *file)
{
	struct head head = {0, 0};

	(void)path;
	(void)data_only;
	(void)file;
	return write(log_fd, &head, sizeof(head)) == sizeof(head) ? 0 : -EIO;
}

static void serve(const struct disk *d) __attribute__((noreturn));

static void serve(const struct disk *d)
{
	static const struct fuse_operations operations = {
		.getattr = get_attributes,
		.utimens = set_times,
		.read = read_disk,
		.write = write_disk,
		.fsync = flush_disk,
	};
	char name[] = "disk";
	char *argv[] = {name, NULL};
	struct fuse_args args = FUSE_ARGS_INIT(1, argv);
	struct fuse *fuse = fuse_new(&args, &operations, sizeof(operations), NULL);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	image_fd = open(d->image, O_RDWR | O_CLOEXEC);
	log_fd = open(d->log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (!fuse || image_fd < 0 || log_fd < 0 || fuse_mount(fuse, d->at) < 0)
		fail("serve %s", d->at);
	_exit(fuse_loop(fuse) == 0 ? 0 : 1);
}

static void await_file(const struct disk *d)
{
	for (int i = 0; i < 2000; i++) {
		if (access(d->file, R_OK | W_OK) == 0)
			return;
		nanosleep(&(struct timespec){0, 5000000}, NULL);
	}
	fail("%s does not appear", d->file);
}

void disk_open(struct disk *d, const char *folder, const char *base)
{
	kb_autofree char *command = NULL;

	d->at = kb_format("%s/at", folder);
	d->file = kb_format("%s" FILE_NAME, d->at);
	d->image = kb_format("%s/image", folder);
	d->log = kb_format("%s/log", folder);
	command = kb_format("cp %s %s", base, d->image);
	if (mkdir(d->at, 0700) < 0 || system(command) != 0)
		fail("prepare %s", folder);
	if ((d->server = fork()) < 0)
		fail("fork");
	if (d->server == 0)
		serve(d);
	await_file(d);
}

size_t disk_position(const struct disk *d)
{
	struct stat st;

	if (stat(d->log, &st) < 0)
		fail("%s", d->log);
	return (size_t)st.st_size;
}

void disk_close(struct disk *d)
{
	kb_autofree char *command = kb_format("umount %s", d->at);
	int status;

	if (system(command) != 0 || waitpid(d->server, &status, 0) < 0 || status != 0)
		fail("end the server of %s", d->at);
	free(d->file);
	free(d->image);
	free(d->log);
	free(d->at);
}

void disk_log_read(const struct disk *d, size_t position, struct disk_log *ret_log)
{
	struct kb_buf bytes = KB_BUF_INIT;
	struct head head;
	size_t cap = 0;

	*ret_log = (struct disk_log){.n = 0};
	kb_buf_reserve(&bytes, 0);
	if (kb_file_read(d->log, 1u << 30, &bytes, NULL) < 0)
		fail("read %s", d->log);
	for (size_t i = 0; i < bytes.len && i < position; i += sizeof(head) + head.len) {
		ret_log->events =
			kb_grow(ret_log->events, ret_log->n, &cap, sizeof(*ret_log->events));
		memcpy(&head, bytes.data + i, sizeof(head));
		ret_log->events[ret_log->n++] = (struct disk_event){
			head.at, head.len, (const uint8_t *)bytes.data + i + sizeof(head)};
	}
	ret_log->bytes = (uint8_t *)kb_buf_steal(&bytes);
}

void disk_log_free(struct disk_log *log)
{
	free(log->events);
	free(log->bytes);
}

/* SplitMix64, Steele, Lea and Flood 2014: chance that can be had again. */
static uint64_t chance(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static void put(int fd, const struct disk_event *e, uint64_t from, uint64_t len)
{
	if (pwrite(fd, e->data + from, len, (off_t)(e->at + from)) != (ssize_t)len)
		fail("write the disk");
}

/* The superblock has a sum over two sectors. ext4 takes for granted that both are
 * written; e2fsck would have its copy, a mount has not. */
#define SUPERBLOCK_END 4096

static void put_torn(int fd, const struct disk_event *e, uint64_t *state)
{
	if (e->at < SUPERBLOCK_END) {
		put(fd, e, 0, e->len);
		return;
	}
	for (uint64_t i = 0; i < e->len; i += DISK_SECTOR)
		if (chance(state) & 1)
			put(fd, e, i, e->len - i < DISK_SECTOR ? e->len - i : DISK_SECTOR);
}

/* Writes FROM.. before CUT that no flush has followed. */
static void put_part(const struct disk_log *log, int fd, size_t from, size_t cut,
		     enum disk_part part, uint64_t state)
{
	size_t lost = from + (cut > from ? chance(&state) % (cut - from) : 0);

	for (size_t i = from; i < cut; i++) {
		const struct disk_event *e = &log->events[i];

		if (part == DISK_ONE_LESS ? i == lost : part != DISK_ALL && chance(&state) & 1)
			continue;
		if (part == DISK_TORN && chance(&state) & 1)
			put_torn(fd, e, &state);
		else
			put(fd, e, 0, e->len);
	}
}

void disk_replay(const struct disk_log *log, const char *image, size_t cut, enum disk_part part,
		 uint64_t seed)
{
	kb_autoclose int fd = open(image, O_WRONLY | O_CLOEXEC);
	size_t flushed = cut;

	if (fd < 0)
		fail("open %s", image);
	while (flushed && log->events[flushed - 1].len)
		flushed--;
	for (size_t i = 0; i < flushed; i++)
		put(fd, &log->events[i], 0, log->events[i].len);
	put_part(log, fd, flushed, cut, part, seed);
}
