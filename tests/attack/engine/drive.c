/* Drive the image code against a real engine, from a folder that make_images
 * made, or from a bundle (X.run, whose signer is in the folder named by TRUST).
 *
 *	drive SOCKET DIR info | present | check | budget | load | repair | containers
 *
 * `repair` is a load that looks at content. SOCKET "-" is the usual place; with
 * SHOW set, progress is printed. One line per image or fact; the exit status is
 * the error's.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "core/manifest.h"
#include "stub/image_load.h"

enum { IMAGES = 64, BLOBS = 512 };

struct folder {
	const char *dir;
	struct kb_blob blobs[BLOBS];
	struct kb_image images[IMAGES];
	const struct kb_image *all[IMAGES];
	struct kb_manifest m;
	struct kb_image_feed feed;
};

static volatile sig_atomic_t stop;

static void on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

/* Twenty lines for each thing that is done: a test wants to be quick. */
static int step(void *ctx, const char *what, uint64_t done, uint64_t total)
{
	static uint64_t shown;
	uint64_t part = total ? done * 20 / total : 0;

	(void)ctx;
	if (getenv("SHOW") && part != shown) {
		shown = part;
		fprintf(stderr, "%s %llu of %llu\n", what, (unsigned long long)done,
			(unsigned long long)total);
	}
	return stop;
}

static char *blob_path(const struct folder *f, uint32_t blob)
{
	return kb_format("%s/blobs/%s", f->dir, kb_digest_hex(&f->blobs[blob].digest));
}

static int stream(void *ctx, uint32_t blob, kb_sink_fn sink, void *sink_ctx, struct kb_err *err)
{
	static char buf[4 << 20];
	struct folder *f = ctx;
	kb_autofree char *path = blob_path(f, blob);
	kb_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;
	int rc = 0;

	if (fd < 0)
		return kb_err_errno(err, KB_E_IO, "%s", path);
	while (rc == 0 && (n = read(fd, buf, sizeof(buf))) > 0)
		rc = sink(sink_ctx, buf, (size_t)n, err);
	return rc;
}

/* The place of a digest in the sorted list; added when it is new. */
static uint32_t blob_of(struct folder *f, const char *hex)
{
	struct kb_digest d;
	struct stat st;
	size_t i;

	if (!kb_digest_parse(hex, &d))
		abort();
	for (i = 0; i < f->m.n_blobs; i++)
		if (kb_digest_eq(&f->blobs[i].digest, &d))
			return (uint32_t)i;
	f->blobs[i].digest = d;
	f->m.n_blobs++;
	{
		kb_autofree char *path = blob_path(f, (uint32_t)i);

		if (stat(path, &st) < 0)
			abort();
	}
	f->blobs[i].size = (uint64_t)st.st_size;
	return (uint32_t)i;
}

static int by_digest(const void *a, const void *b)
{
	return kb_digest_cmp(&((const struct kb_blob *)a)->digest,
			     &((const struct kb_blob *)b)->digest);
}

/* Twice: the first pass collects the blobs, the second, after sorting, refers
 * to them. */
static void read_folder(struct folder *f, char *text)
{
	f->m.n_images = 0;
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		struct kb_image *image = &f->images[f->m.n_images];
		char *at = line, *word = strsep(&at, "\t");

		memset(image, 0, sizeof(*image));
		image->name = image->reference = image->origin = strdup(word);
		image->config = blob_of(f, strsep(&at, "\t"));
		image->layers = calloc(16, sizeof(uint32_t));
		while ((word = strsep(&at, "\t")))
			image->layers[image->n_layers++] = blob_of(f, word);
		f->all[f->m.n_images++] = image;
	}
}

static void open_folder(struct folder *f, const char *dir)
{
	kb_autofree char *path = kb_format("%s/images.tsv", dir);
	struct kb_buf text = KB_BUF_INIT;
	char *again;

	f->dir = dir;
	if (kb_file_read(path, 1 << 20, &text, NULL) < 0)
		abort();
	again = strdup(text.data);
	f->m.blobs = f->blobs;
	f->m.images = f->images;
	read_folder(f, text.data);
	qsort(f->blobs, f->m.n_blobs, sizeof(f->blobs[0]), by_digest);
	read_folder(f, again);
	f->feed = (struct kb_image_feed){&f->m, stream, f};
}

static void open_bundle(struct folder *f, const char *path)
{
	struct kb_bundle *bundle;
	struct kb_trust trust;
	struct kb_err err;

	if (kb_trust_load(getenv("TRUST"), &trust, &err) < 0 ||
	    kb_bundle_open(open(path, O_RDONLY | O_CLOEXEC), path, &trust, &bundle, &err) < 0) {
		kb_err_print(&err);
		exit(-err.code);
	}
	kb_image_feed_bundle(bundle, &f->feed);
	f->m = *f->feed.manifest;
	for (size_t i = 0; i < f->m.n_images; i++)
		f->all[i] = &f->m.images[i];
}

static const char *const states[] = {"absent", "untagged", "present", "damaged"};

static void print_status(const struct kb_image_status *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		printf("%s %s %s%s%s\n", s[i].image->reference, states[s[i].state], s[i].id,
		       *s[i].replaces ? " replaces " : "", s[i].replaces);
}

static int show_budget(struct kb_engine *e, struct folder *f, struct kb_image_status *s,
		       struct kb_err *err)
{
	struct kb_image_budget b;
	int rc = kb_image_budget(e, &f->m, s, f->m.n_images, &b, err);

	for (size_t i = 0; rc == 0 && i < b.n_places; i++)
		printf("%s %llu\n", b.places[i].path, (unsigned long long)b.places[i].bytes);
	return rc;
}

static int show_containers(struct kb_engine *e, struct kb_err *err)
{
	struct kb_engine_container *list;
	size_t n;
	int rc = kb_engine_containers(e, NULL, &list, &n, err);

	for (size_t i = 0; rc == 0 && i < n; i++)
		printf("%s %s %s %s %s %d\n", list[i].name, list[i].image, list[i].image_id,
		       list[i].state, list[i].started, list[i].exit_code);
	return rc;
}

static int act(struct kb_engine *e, struct folder *f, const char *verb, const struct kb_progress *p,
	       struct kb_err *err)
{
	static struct kb_image_status status[IMAGES];
	struct kb_image_load load;
	bool content = strcmp(verb, "check") == 0 || strcmp(verb, "repair") == 0;
	int rc = kb_image_present(e, &f->m, f->all, f->m.n_images, content, p, status, err);

	if (rc < 0)
		return rc;
	if (strcmp(verb, "budget") == 0)
		return show_budget(e, f, status, err);
	if (strcmp(verb, "load") == 0 || strcmp(verb, "repair") == 0) {
		rc = kb_image_load(e, &f->feed, status, f->m.n_images, p, &load, err);
		if (rc < 0)
			return rc;
		printf("loaded %zu tagged %zu skipped layers %zu sent %llu\n", load.loaded,
		       load.tagged, load.skipped_layers, (unsigned long long)load.sent);
	}
	print_status(status, f->m.n_images);
	return 0;
}

int main(int argc, char **argv)
{
	static struct folder folder;
	struct kb_progress progress = {step, NULL};
	struct kb_engine_options options = {.progress = &progress};
	struct kb_engine *e;
	struct kb_err err = {0};
	int rc;

	if (argc != 4)
		return 2;
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	options.socket = strcmp(argv[1], "-") == 0 ? NULL : argv[1];
	rc = kb_engine_open(&options, &e, &err);
	if (rc == 0 && strcmp(argv[3], "info") == 0) {
		const struct kb_engine_info *i = kb_engine_info(e);

		printf("%s %s %s store %d api 1.%u\n", i->product, i->driver, i->root, i->store,
		       i->api);
	} else if (rc == 0 && strcmp(argv[3], "containers") == 0) {
		rc = show_containers(e, &err);
	} else if (rc == 0) {
		if (strlen(argv[2]) > 4 && !strcmp(argv[2] + strlen(argv[2]) - 4, ".run"))
			open_bundle(&folder, argv[2]);
		else
			open_folder(&folder, argv[2]);
		rc = act(e, &folder, argv[3], &progress, &err);
	}
	if (rc < 0)
		kb_err_print(&err);
	return -rc;
}
