/* A disk that writes down what is written to it, and when it is told to flush:
 * a file system of one file, for a loop device to use. From what was written
 * down the disk can be made again as it could be found after the power went:
 * everything before the last flush, and of what came after it any part.
 */
#ifndef TESTS_FAULTS_DISK_H
#define TESTS_FAULTS_DISK_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define DISK_SECTOR 512u

struct disk_event {
	uint64_t at;  /* offset.. */
	uint64_t len; /* ..and bytes; 0: a flush */
	const uint8_t *data;
};

/* What was written down. */
struct disk_log {
	uint8_t *bytes;
	struct disk_event *events;
	size_t n;
};

struct disk {
	char *file;  /* to be mounted */
	char *image; /* what it holds now */
	char *log;
	char *at;
	pid_t server;
};

/* Serve a copy of the image BASE below FOLDER, an empty folder. */
void disk_open(struct disk *d, const char *folder, const char *base);
/* How many bytes have been written down; a place in the log. */
size_t disk_position(const struct disk *d);
void disk_close(struct disk *d);

/* What was written down up to POSITION. */
void disk_log_read(const struct disk *d, size_t position, struct disk_log *ret_log);
void disk_log_free(struct disk_log *log);

/* How the power goes: after the event before CUT; PART chooses what of the
 * writes since the last flush is on the disk. */
enum disk_part {
	DISK_ALL,      /* each of them */
	DISK_ONE_LESS, /* all but one */
	DISK_SOME,     /* each or not, by chance */
	DISK_TORN,     /* some, and of those only some sectors */
	N_DISK_PARTS
};
/* Make IMAGE, a copy of the base, the disk after that cut. */
void disk_replay(const struct disk_log *log, const char *image, size_t cut, enum disk_part part,
		 uint64_t seed);

#endif
