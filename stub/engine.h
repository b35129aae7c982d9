/* The container engine of this host, through the Docker Engine API on its UNIX
 * socket. Environment variables such as DOCKER_HOST are not looked at; the
 * socket must belong to root (or to us), and so must the process behind it.
 *
 * What works: Docker 1.12 (API 1.24) and later, with graph drivers or with the
 * containerd image store; podman 4 and later by its compatible API. Every call
 * makes its own connection, so an engine that restarts between two calls is
 * not noticed.
 *
 * Errors: the engine is not there or may not be used, KB_E_MISSING with what
 * to do; it answers nonsense or says no, KB_E_DEPENDENCY with its words; it
 * stays silent, KB_E_TIMEOUT; its disk is full, KB_E_SPACE. Answers are not
 * trusted: they are bounded, read strictly, and identities are compared by
 * whole digests.
 */
#ifndef STUB_ENGINE_H
#define STUB_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/digest.h"
#include "core/err.h"
#include "core/progress.h"

#define KB_ENGINE_API_OLDEST 24 /* 1.24 */
#define KB_ENGINE_API_WANTED 41 /* 1.41, Docker 20.10; newer fields are not used */
#define KB_ENGINE_ANSWER_MAX (1024 * 1024)
#define KB_ENGINE_IMAGES_MAX 1024
#define KB_ENGINE_NAME_MAX   512

struct kb_engine;

enum kb_engine_store {
	KB_ENGINE_LAYERS,     /* Docker's graph drivers: image id = config digest */
	KB_ENGINE_CONTAINERD, /* containerd image store: image id = manifest digest */
	KB_ENGINE_PODMAN,     /* containers/storage: image id = config digest */
};

struct kb_engine_info {
	char *socket;
	char *product; /* "Docker 26.1.5", "Podman 5.4.2" */
	char *driver;
	char *root; /* DockerRootDir, absolute */
	enum kb_engine_store store;
	unsigned api; /* 1.API is spoken */
};

struct kb_engine_options {
	const char *socket; /* an absolute path; NULL: the usual places */
	/* Asked while waiting whether to stop; must outlive the engine. While
	 * nothing is counted, DONE and TOTAL are 0. */
	const struct kb_progress *progress;
	unsigned call_ms, load_ms; /* longest silence; 0: 1 minute and 10 */
};

/* Find the engine, agree on a version, learn its store. OPTIONS may be NULL.
 * The usual places are /run/docker.sock, /var/run/docker.sock and
 * /run/podman/podman.sock. */
int kb_engine_open(const struct kb_engine_options *options, struct kb_engine **ret_engine,
		   struct kb_err *err);
void kb_engine_close(struct kb_engine *engine);

#define kb_autoengine __attribute__((cleanup(kb_engine_cleanup)))
void kb_engine_cleanup(struct kb_engine **engine);

const struct kb_engine_info *kb_engine_info(const struct kb_engine *engine);

/* Does it answer now? */
int kb_engine_ping(struct kb_engine *engine, struct kb_err *err);

struct kb_engine_image {
	char *id;                 /* "sha256:.." as the engine names it */
	struct kb_digest *layers; /* diffIDs, base first */
	size_t n_layers;
	char **tags; /* as the engine shows them */
	size_t n_tags;
};
void kb_engine_image_free(struct kb_engine_image *image);

/* NAME is an id ("sha256:HEX") or a reference. *RET_IMAGE is NULL when there
 * is none. */
int kb_engine_image(struct kb_engine *engine, const char *name, struct kb_engine_image **ret_image,
		    struct kb_err *err);

/* Ids of all images, untagged ones included; the caller frees each and the
 * array. More than KB_ENGINE_IMAGES_MAX are left out. */
int kb_engine_image_ids(struct kb_engine *engine, char ***ret_ids, size_t *ret_n,
			struct kb_err *err);

/* Point REFERENCE ("keybuzz/redis:8.0.2") at NAME; taken away from whatever had
 * it before. */
int kb_engine_tag(struct kb_engine *engine, const char *name, const char *reference,
		  struct kb_err *err);

/* Remove a reference, and the image with its last one; by id the image with all
 * references. One that is not there is success. Used by a container:
 * KB_E_DEPENDENCY with the engine's words. */
int kb_engine_remove(struct kb_engine *engine, const char *name, struct kb_err *err);

struct kb_engine_container {
	char *id, *name; /* name without the leading slash */
	char *image;     /* as it was asked for when the container was made */
	char *image_id;
	char *state;   /* "running", "exited", .. */
	char *started; /* RFC 3339, or "" when never */
	bool running;
	int exit_code;
};

/* Containers carrying LABEL ("key" or "key=value"; NULL: all), stopped ones
 * included, sorted by name. */
int kb_engine_containers(struct kb_engine *engine, const char *label,
			 struct kb_engine_container **ret_list, size_t *ret_n, struct kb_err *err);
void kb_engine_containers_free(struct kb_engine_container *list, size_t n);

/* One by id or name; *RET_CONTAINER is NULL when there is none, and a list of
 * one for kb_engine_containers_free otherwise. */
int kb_engine_container(struct kb_engine *engine, const char *name,
			struct kb_engine_container **ret_container, struct kb_err *err);

#endif
