/* The manifest: everything a bundle says about itself, as a value.
 *
 * The builder fills one and writes it; both sides read one back, only after
 * its signature was verified. Reading checks every bound, order and reference,
 * and that writing the value again would give the same bytes, so a manifest
 * has exactly one encoding. Signed input is still input: paths pass name.h,
 * indices are in range, blobs tile the chunks exactly.
 *
 * Ownership: kb_manifest_free releases everything; strings are never NULL.
 * The encoding is specified in docs/format.md.
 */
#ifndef CORE_MANIFEST_H
#define CORE_MANIFEST_H

#include <stdbool.h>
#include <stdint.h>

#include "core/credential.h"
#include "core/digest.h"
#include "core/err.h"
#include "core/mem.h"

struct kb_value;

/* Which verb runs a step; within a phase the order is that of the array. */
enum kb_phase {
	KB_PHASE_INSTALL = 0,
	KB_PHASE_CHECK = 1,
	KB_PHASE_FAILOVER = 2,
	KB_PHASE_PURGE = 3,
	KB_PHASE_COUNT
};

enum kb_step_kind {
	KB_STEP_DIRECTORY = 1, /* target, uid, gid, mode */
	KB_STEP_FILE = 2,      /* source -> target, uid, gid, mode */
	KB_STEP_TEMPLATE = 3,  /* the same, rendered */
	KB_STEP_UNIT = 4,      /* rendered source -> /etc/systemd/system/target; enabled, started;
				* restarted when it or a watched step's result changed */
	KB_STEP_IMAGES = 5,    /* args: image names, loaded when not present */
	KB_STEP_SCRIPT = 6,    /* source run by /bin/sh with args; once per input */
	KB_STEP_WAIT = 7,      /* source run until it says yes, at most timeout seconds */
	KB_STEP_CHECK = 8,     /* source run once; its word is the result */
	KB_STEP_PACKAGES = 9,  /* args: package names */
	KB_STEP_VOLUME = 10,   /* target: mount point; args: its label */
	KB_STEP_KIND_COUNT
};

enum kb_step_flag {
	KB_STEP_ALWAYS = 1,  /* script: run on every install, not once per input */
	KB_STEP_PENDING = 2, /* wait: running out of time is "pending", a success
			      * that says what is missing */
	KB_STEP_KEEP = 4,    /* file, template: written when absent, never replaced */
	KB_STEP_NETWORK = 8, /* script, wait, check: with the host's network; without
			      * it, the program runs with none */
	KB_STEP_FLAGS = 15
};

struct kb_step {
	char *id;
	uint8_t phase;
	uint8_t kind;
	uint8_t flags;
	uint32_t uid, gid;
	uint16_t mode;
	uint32_t timeout; /* seconds; 0 where the kind has none */
	char *source;     /* a file of the bundle, or "" */
	char *target;     /* a path or unit name on the host, or "" */
	char **args;
	size_t n_args;
	char **watch; /* ids of earlier steps of this phase */
	size_t n_watch;
};

/* A run of plain bytes with an identity. Sorted by digest. */
struct kb_blob {
	struct kb_digest digest;
	uint64_t size;
	uint32_t chunk;  /* where it begins.. */
	uint32_t offset; /* ..and how far into that chunk's plain bytes */
};

struct kb_chunk {
	uint32_t stored;         /* bytes in the file */
	uint32_t plain;          /* bytes after decompression */
	struct kb_digest digest; /* of the stored bytes */
};

/* A file of the payload, read by steps; sorted by path. */
struct kb_file {
	char *path;
	uint16_t mode; /* 0644 or 0755 */
	uint32_t blob;
};

/* A container image: the config's digest is the image's identity, each layer
 * blob's digest its diffID. Sorted by name. */
struct kb_image {
	char *name;      /* as manifests call it */
	char *reference; /* the tag it gets in the engine, "keybuzz/redis:8.0.2" */
	char *origin;    /* where it came from, with the original digest */
	uint32_t config;
	uint32_t *layers;
	size_t n_layers;
};

/* An OS package; sorted by (release, name). */
struct kb_package {
	char *release; /* "debian-12" */
	char *name;
	char *version;
	char *arch;
	uint32_t blob;
};

/* An operating system this bundle accepts; sorted. Versions compare as dotted
 * numbers, both ends included. */
struct kb_os {
	char *id; /* ID of os-release */
	char *min;
	char *max;
};

struct kb_manifest {
	/* release */
	char *product; /* "keybuzz" */
	char *role;
	char *version; /* for people */
	char *channel; /* "stable"; must equal the host's once it has one */
	char *arch;    /* "x86_64" */
	char *summary;
	uint64_t epoch, counter;        /* rollback: only ever raised */
	uint64_t not_before, not_after; /* seconds since 1970, 0 = unset */
	/* target and needs */
	struct kb_os *os;
	size_t n_os;
	char *select_role, *select_subrole, *select_stack; /* "" = any */
	uint32_t hosts_min; /* lines of the inventory this role needs */
	bool hosts_odd;
	char *engine;        /* "docker" or "" */
	uint32_t memory_mib; /* warned about below this */
	uint16_t *ports;     /* sorted; listened on by this role */
	size_t n_ports;
	struct kb_credential *credentials; /* sorted */
	size_t n_credentials;
	struct kb_value *variables; /* a map */
	/* content */
	struct kb_blob *blobs;
	size_t n_blobs;
	struct kb_file *files;
	size_t n_files;
	struct kb_image *images;
	size_t n_images;
	struct kb_package *packages;
	size_t n_packages;
	struct kb_step *steps;
	size_t n_steps;
	/* storage: how this build packed it; everything above is content_id */
	struct kb_digest content_id;  /* computed by write and read */
	struct kb_digest release_set; /* of the sorted (role, content_id) list */
	struct kb_digest stub;        /* of the whole stub span */
	char *builder;                /* program and version */
	char *zstd;                   /* library version */
	uint8_t level;
	struct kb_chunk *chunks;
	size_t n_chunks;
	uint64_t total_size; /* of the whole file */
};

/* A zeroed manifest with empty strings and an empty variables map. */
struct kb_manifest *kb_manifest_new(void);
void kb_manifest_free(struct kb_manifest *m);

/* Encode; also sets content_id. The caller has sorted what is sorted. */
void kb_manifest_write(struct kb_manifest *m, struct kb_buf *out);

/* Decode verified bytes; KB_E_INVALID names the record that is wrong. */
int kb_manifest_read(const uint8_t *bytes, size_t len, struct kb_manifest **ret_m,
		     struct kb_err *err);

/* Lookups; NULL or -1 where there is none. */
const struct kb_file *kb_manifest_file(const struct kb_manifest *m, const char *path);
const struct kb_image *kb_manifest_image(const struct kb_manifest *m, const char *name);
const struct kb_step *kb_manifest_step(const struct kb_manifest *m, const char *id);
long kb_manifest_blob(const struct kb_manifest *m, const struct kb_digest *digest);

const char *kb_step_kind_name(int kind); /* "directory" */
const char *kb_phase_name(int phase);    /* "install" */

/* The network of the program that STEP runs: "local" for the host's, "none", or
 * "" where its kind runs no program of the bundle. */
const char *kb_step_network(const struct kb_step *step);

/* Sum of a image's layer sizes: what the engine will store. */
uint64_t kb_manifest_image_size(const struct kb_manifest *m, const struct kb_image *image);

#endif
