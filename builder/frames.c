#include "builder/frames.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/bytes.h"
#include "core/file.h"
#include "core/format.h"
#include "core/pool.h"

/* A frames file is: stored bytes of every chunk, then one record of
 * RECORD_LEN bytes per chunk {stored, plain, digest}, then the number of
 * records. It is ours alone and made again when anything about it is odd. */
enum { RECORD_LEN = 8 + KB_DIGEST_LEN, TAIL_LEN = 4 };

static char *frames_path(struct kb_store *store, const struct kb_digest *blob, int level)
{
	const char *hex = kb_digest_hex(blob);

	return kb_format("%s/frames/%d-%s/%.2s/%s", kb_store_dir(store), level, kb_zstd_version(),
			 hex, hex + 2);
}

void kb_frames_close(struct kb_frames *frames)
{
	kb_cleanup_close(&frames->fd);
	frames->fd = -1;
	free(frames->chunks);
	frames->chunks = NULL;
}

void kb_frames_drop(struct kb_store *store, const struct kb_digest *blob, int level)
{
	kb_autofree char *path = frames_path(store, blob, level);

	unlink(path);
}

static bool parse_index(struct kb_frames *f, const uint8_t *records, size_t n, uint64_t data_len,
			uint64_t blob_size)
{
	uint64_t stored = 0, plain = 0;

	f->chunks = kb_alloc(n, sizeof(*f->chunks));
	f->n_chunks = n;
	for (size_t i = 0; i < n; i++) {
		const uint8_t *r = records + i * RECORD_LEN;

		f->chunks[i].stored = kb_get32(r);
		f->chunks[i].plain = kb_get32(r + 4);
		memcpy(f->chunks[i].digest.b, r + 8, KB_DIGEST_LEN);
		stored += f->chunks[i].stored;
		plain += f->chunks[i].plain;
		if (f->chunks[i].stored > KB_CHUNK_STORED)
			return false;
	}
	return stored == data_len && plain == blob_size;
}

/* False: absent, or not to be used. */
static bool open_existing(const char *path, uint64_t blob_size, struct kb_frames *f)
{
	uint64_t want = (blob_size + KB_CHUNK_PLAIN - 1) / KB_CHUNK_PLAIN;
	kb_autofree uint8_t *index = NULL;
	size_t index_len = (size_t)want * RECORD_LEN + TAIL_LEN;
	struct stat st;

	f->chunks = NULL;
	f->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (f->fd < 0)
		return false;
	index = kb_alloc(index_len, 1);
	if (fstat(f->fd, &st) == 0 && (uint64_t)st.st_size > index_len &&
	    kb_pread_full(f->fd, index, index_len, (uint64_t)st.st_size - index_len, NULL) == 0 &&
	    kb_get32(index + index_len - TAIL_LEN) == want &&
	    parse_index(f, index, (size_t)want, (uint64_t)st.st_size - index_len, blob_size))
		return true;
	kb_frames_close(f);
	return false;
}

struct job {
	int in, level;
	uint64_t size, done;
	const struct kb_progress *progress;
	kb_frame_fn take;
	void *ctx;
};

struct slot {
	struct kb_codec *codec;
	uint8_t *plain, *stored;
	struct kb_chunk chunk;
};

static void slot_free(void *p)
{
	struct slot *slot = p;

	kb_codec_free(slot->codec);
	free(slot->plain);
	free(slot->stored);
}

static int work(void *ctx, size_t i, void *p, struct kb_err *err)
{
	const struct job *job = ctx;
	struct slot *slot = p;
	uint64_t at = (uint64_t)i * KB_CHUNK_PLAIN, left = job->size - at;
	size_t len = left < KB_CHUNK_PLAIN ? (size_t)left : KB_CHUNK_PLAIN;
	int rc;

	if (!slot->codec) {
		slot->codec = kb_codec_new();
		slot->plain = kb_alloc(KB_CHUNK_PLAIN, 1);
		slot->stored = kb_alloc(KB_CHUNK_STORED, 1);
	}
	rc = kb_pread_full(job->in, slot->plain, len, at, err);
	if (rc < 0)
		return rc;
	return kb_chunk_encode(slot->codec, job->level, slot->plain, len, slot->stored,
			       &slot->chunk, err);
}

static int emit(void *ctx, size_t i, void *p, struct kb_err *err)
{
	struct job *job = ctx;
	const struct slot *slot = p;
	int rc = job->take(job->ctx, &slot->chunk, slot->stored, err);

	(void)i;
	if (rc != 0)
		return rc;
	job->done += slot->chunk.plain;
	if (kb_progress_step(job->progress, "compress", job->done, job->size) != 0)
		return kb_err_set(err, KB_E_INTERRUPTED, "stopped; run the same command again");
	return 0;
}

int kb_frames_make(int fd, uint64_t size, int level, const struct kb_progress *progress,
		   kb_frame_fn take, void *ctx, struct kb_err *err)
{
	struct job job = {.in = fd,
			  .level = level,
			  .size = size,
			  .progress = progress,
			  .take = take,
			  .ctx = ctx};
	struct kb_pool_job pool = {.n = (size_t)((size + KB_CHUNK_PLAIN - 1) / KB_CHUNK_PLAIN),
				   .slot_size = sizeof(struct slot),
				   .ctx = &job,
				   .work = work,
				   .emit = emit,
				   .slot_free = slot_free};

	return kb_pool_run(&pool, err);
}

struct output {
	int fd;
	struct kb_buf index;
	uint32_t n;
};

static int keep(void *ctx, const struct kb_chunk *chunk, const void *stored, struct kb_err *err)
{
	struct output *out = ctx;
	int rc = kb_write_full(out->fd, stored, chunk->stored, err);

	if (rc < 0)
		return rc;
	kb_add32(&out->index, chunk->stored);
	kb_add32(&out->index, chunk->plain);
	kb_buf_add(&out->index, chunk->digest.b, KB_DIGEST_LEN);
	out->n++;
	return 0;
}

static int make(int in, uint64_t size, int level, int out_fd, const struct kb_progress *progress,
		struct kb_err *err)
{
	struct output out = {.fd = out_fd, .index = KB_BUF_INIT};
	int rc = kb_frames_make(in, size, level, progress, keep, &out, err);

	if (rc == 0) {
		kb_add32(&out.index, out.n);
		rc = kb_write_full(out_fd, out.index.data, out.index.len, err);
	}
	kb_buf_free(&out.index);
	return rc;
}

static int make_file(struct kb_store *store, const struct kb_digest *blob, const char *path,
		     int level, const struct kb_progress *progress, struct kb_err *err)
{
	kb_autonewfile struct kb_newfile nf = KB_NEWFILE_INIT;
	kb_autofree char *dir = kb_strndup(path, (size_t)(strrchr(path, '/') - path));
	kb_autoclose int in = -1;
	uint64_t size;
	int rc;

	if ((rc = kb_store_read(store, blob, &in, &size, err)) < 0 ||
	    (rc = kb_mkdirs(dir, 0755, err)) < 0 ||
	    (rc = kb_newfile_open(&nf, path, 0644, err)) < 0 ||
	    (rc = make(in, size, level, nf.fd, progress, err)) < 0)
		return rc;
	return kb_newfile_publish(&nf, err);
}

int kb_frames_open(struct kb_store *store, const struct kb_digest *blob, uint64_t size, int level,
		   const struct kb_progress *progress, struct kb_frames *ret_frames,
		   struct kb_err *err)
{
	kb_autofree char *path = frames_path(store, blob, level);
	int rc;

	if (open_existing(path, size, ret_frames))
		return 0;
	rc = make_file(store, blob, path, level, progress, err);
	if (rc < 0)
		return rc;
	if (open_existing(path, size, ret_frames))
		return 0;
	return kb_err_set(err, KB_E_IO, "%s: just written, and not readable", path);
}
