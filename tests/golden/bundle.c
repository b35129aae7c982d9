/* The good bundle, put together by hand: builder/ may change how it lays things
 * out, what is kept here may not. */
#include "tests/golden/making.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/chunk.h"
#include "core/crypto.h"
#include "core/value.h"

void make_signer(const struct kb_buf *seed_text, const char *more, struct signer *ret)
{
	kb_autobuf struct kb_buf text = KB_BUF_INIT;
	struct kb_digest seed;
	size_t len = KB_KEY_LEN;

	kb_buf_add(&text, seed_text->data, seed_text->len);
	kb_buf_puts(&text, more);
	kb_digest_of(text.data, text.len, &seed);
	ret->pkey = EVP_PKEY_new_raw_private_key_ex(kb_crypto_ctx(), "ED25519", "provider=default",
						    seed.b, sizeof(seed.b));
	if (!ret->pkey || EVP_PKEY_get_raw_public_key(ret->pkey, ret->public.b, &len) != 1)
		abort();
}

void sign(const struct signer *signer, const char *purpose, const struct kb_buf *manifest,
	  struct kb_slot *ret_slot)
{
	kb_autobuf struct kb_buf covered = KB_BUF_INIT;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t len = KB_SIGNATURE_LEN;

	kb_pae(purpose, manifest->data, manifest->len, &covered);
	ret_slot->key = signer->public;
	if (EVP_DigestSignInit_ex(ctx, NULL, NULL, kb_crypto_ctx(), "provider=default",
				  signer->pkey, NULL) != 1 ||
	    EVP_DigestSign(ctx, ret_slot->signature, &len, (const uint8_t *)covered.data,
			   covered.len) != 1)
		abort();
	EVP_MD_CTX_free(ctx);
}

void free_signer(struct signer *signer)
{
	EVP_PKEY_free(signer->pkey);
	signer->pkey = NULL;
}

/* In the order of their digests. */
static struct kb_buf content[BLOBS];

static int by_digest(const void *a, const void *b)
{
	struct kb_digest x, y;
	const struct kb_buf *p = a, *q = b;

	kb_digest_of(p->data, p->len, &x);
	kb_digest_of(q->data, q->len, &y);
	return kb_digest_cmp(&x, &y);
}

static const char *const texts[BLOBS] = {
	[0] = "#!/bin/sh\nprintf 'the first\\n'\n",
	[1] = "port {{port}}\n{{#peers}}\nreplica {{name}}\n{{/peers}}\n",
	[2] = "{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\"}}",
	[3] = "[Unit]\nDescription=Golden\n",
	[EMPTY] = "",
	[LAYER] = "layer ",
};

/* Once; it stays for the life of the program. */
static void make_content(void)
{
	if (content[0].data)
		return;
	for (size_t i = 0; i < BLOBS; i++) {
		kb_buf_reserve(&content[i], 0);
		for (size_t n = i == LAYER ? 2000 : 1; n > 0; n--)
			kb_buf_puts(&content[i], texts[i]);
	}
	qsort(content, BLOBS, sizeof(content[0]), by_digest);
}

/* The index of a text after sorting. */
uint32_t blob_of(size_t text)
{
	for (uint32_t i = 0; i < BLOBS; i++)
		if (content[i].len ? texts[text][0] && !strncmp(content[i].data, texts[text],
								strlen(texts[text]))
				   : !texts[text][0])
			return i;
	abort();
}

/* Chunk 0 holds everything small, chunk 1 the layer; as builder/pack.c does. */
static void make_blobs(struct kb_manifest *m, struct kb_buf plain[CHUNKS])
{
	m->n_blobs = BLOBS;
	m->blobs = kb_alloc(BLOBS, sizeof(*m->blobs));
	for (uint32_t i = 0; i < BLOBS; i++) {
		struct kb_blob *blob = &m->blobs[i];
		uint32_t chunk = i == blob_of(LAYER);

		kb_digest_of(content[i].data, content[i].len, &blob->digest);
		blob->size = content[i].len;
		if (blob->size == 0)
			continue;
		blob->chunk = chunk;
		blob->offset = (uint32_t)plain[chunk].len;
		kb_buf_add(&plain[chunk], content[i].data, content[i].len);
	}
}

void set_text(char **field, const char *text)
{
	free(*field);
	*field = kb_strdup(text);
}

static void make_release(struct kb_manifest *m)
{
	set_text(&m->product, "keybuzz");
	set_text(&m->role, "golden");
	set_text(&m->version, "1.0.0");
	set_text(&m->channel, "stable");
	set_text(&m->arch, "x86_64");
	set_text(&m->summary, "kept for ever");
	set_text(&m->select_role, "redis");
	set_text(&m->engine, "docker");
	set_text(&m->builder, "tests/golden");
	set_text(&m->zstd, "as linked");
	m->epoch = 1;
	m->counter = 7;
	m->hosts_min = 3;
	m->hosts_odd = true;
	m->memory_mib = 512;
	m->level = 3;
	memset(m->release_set.b, 0x5e, KB_DIGEST_LEN);
}

static void make_needs(struct kb_manifest *m)
{
	struct kb_value *list = kb_value_list();

	m->n_os = 1;
	m->os = kb_alloc(1, sizeof(*m->os));
	m->os[0] = (struct kb_os){kb_strdup("debian"), kb_strdup("12"), kb_strdup("13")};
	m->n_ports = 2;
	m->ports = kb_alloc(2, sizeof(*m->ports));
	m->ports[0] = 6379;
	m->ports[1] = 26379;
	m->n_credentials = 1;
	m->credentials = kb_alloc(1, sizeof(*m->credentials));
	m->credentials[0] = (struct kb_credential){kb_strdup("redis"), kb_strdup("REDIS_PASSWORD"),
						   KB_CREDENTIAL_SECRET, 32, kb_strdup("")};
	kb_value_push(list, kb_value_bool(true));
	kb_value_push(list, kb_value_null());
	kb_value_push(list, kb_value_map());
	kb_value_set(m->variables, "list", list);
	kb_value_set(m->variables, "port", kb_value_text("6379"));
}

static void make_entries(struct kb_manifest *m)
{
	static const char *const paths[] = {"lib/a.sh", "packages/debian-12/Packages",
					    "roles/golden/conf", "roles/golden/unit"};
	static const size_t from[] = {0, 2, 1, 3};

	m->n_files = sizeof(from) / sizeof(from[0]);
	m->files = kb_alloc(m->n_files, sizeof(*m->files));
	for (size_t i = 0; i < m->n_files; i++)
		m->files[i] =
			(struct kb_file){kb_strdup(paths[i]), i ? 0644 : 0755, blob_of(from[i])};
	m->n_images = 1;
	m->images = kb_alloc(1, sizeof(*m->images));
	m->images[0] = (struct kb_image){kb_strdup("redis"), kb_strdup("keybuzz/redis:golden"),
					 kb_strdup("test"),  blob_of(2),
					 kb_alloc(2, 4),     2};
	m->images[0].layers[0] = blob_of(EMPTY);
	m->images[0].layers[1] = blob_of(LAYER);
	m->n_packages = 1;
	m->packages = kb_alloc(1, sizeof(*m->packages));
	m->packages[0] = (struct kb_package){kb_strdup("debian-12"), kb_strdup("xfsprogs"),
					     kb_strdup("6.1.0-1"), kb_strdup("amd64"), blob_of(3)};
}

static char **words(const char *word, size_t *ret_n)
{
	char **v = kb_alloc(word != NULL, sizeof(*v));

	if (word)
		v[0] = kb_strdup(word);
	*ret_n = word != NULL;
	return v;
}

/* One step of every kind, and every phase. */
static void make_steps(struct kb_manifest *m)
{
	static const struct {
		const char *id;
		int phase, kind;
		unsigned flags, timeout;
		const char *source, *target, *arg, *watch;
	} all[] = {
		{"volume", 0, KB_STEP_VOLUME, 0, 0, "", "/opt/keybuzz/golden", "/dev/sdb", NULL},
		{"packages", 0, KB_STEP_PACKAGES, 0, 0, "", "", "debian-12/xfsprogs", NULL},
		{"data", 0, KB_STEP_DIRECTORY, 0, 0, "", "/opt/keybuzz/golden/data", NULL, NULL},
		{"images", 0, KB_STEP_IMAGES, 0, 0, "", "", "redis", NULL},
		{"file", 0, KB_STEP_FILE, KB_STEP_KEEP, 0, "lib/a.sh", "/opt/keybuzz/golden/a",
		 NULL, NULL},
		{"conf", 0, KB_STEP_TEMPLATE, 0, 0, "roles/golden/conf", "/opt/keybuzz/golden/c",
		 NULL, NULL},
		{"script", 0, KB_STEP_SCRIPT, KB_STEP_ALWAYS, 60, "lib/a.sh", "", "word", "conf"},
		{"unit", 0, KB_STEP_UNIT, 0, 0, "roles/golden/unit", "golden.service", NULL,
		 "conf"},
		{"wait", 0, KB_STEP_WAIT, KB_STEP_PENDING, 60, "lib/a.sh", "", NULL, NULL},
		{"check", 1, KB_STEP_CHECK, 0, 30, "lib/a.sh", "", NULL, NULL},
		{"fail-over", 2, KB_STEP_SCRIPT, 0, 30, "lib/a.sh", "", NULL, NULL},
		{"purge", 3, KB_STEP_SCRIPT, 0, 30, "lib/a.sh", "", NULL, NULL},
	};

	m->n_steps = sizeof(all) / sizeof(all[0]);
	m->steps = kb_alloc(m->n_steps, sizeof(*m->steps));
	for (size_t i = 0; i < m->n_steps; i++) {
		struct kb_step *step = &m->steps[i];

		step->id = kb_strdup(all[i].id);
		step->phase = (uint8_t)all[i].phase;
		step->kind = (uint8_t)all[i].kind;
		step->flags = (uint8_t)all[i].flags;
		step->timeout = all[i].timeout;
		step->mode = *all[i].target == '/' ? 0640 : 0;
		step->uid = step->gid = 999;
		step->source = kb_strdup(all[i].source);
		step->target = kb_strdup(all[i].target);
		step->args = words(all[i].arg, &step->n_args);
		step->watch = words(all[i].watch, &step->n_watch);
	}
}

static void make_chunks(struct making *k)
{
	kb_autofree uint8_t *frame = kb_alloc(KB_CHUNK_STORED, 1);
	struct kb_codec *codec = kb_codec_new();
	struct kb_buf plain[CHUNKS] = {KB_BUF_INIT, KB_BUF_INIT};

	make_blobs(k->m, plain);
	k->m->n_chunks = CHUNKS;
	k->m->chunks = kb_alloc(CHUNKS, sizeof(*k->m->chunks));
	for (size_t i = 0; i < CHUNKS; i++) {
		if (kb_chunk_encode(codec, 3, plain[i].data, plain[i].len, frame, &k->m->chunks[i],
				    NULL) < 0)
			abort();
		kb_buf_add(&k->stored[i], frame, k->m->chunks[i].stored);
		kb_buf_free(&plain[i]);
	}
	kb_codec_free(codec);
}

static void digest_of_zeros(struct kb_digest *ret_digest)
{
	kb_autofree uint8_t *zeros = kb_alloc(KB_STUB_SPAN, 1);

	kb_digest_of(zeros, KB_STUB_SPAN, ret_digest);
}

/* Twice: the first time tells the length, which is part of the total. */
static void encode(struct making *k)
{
	uint64_t total = (uint64_t)KB_STUB_SPAN + KB_HEADER_LEN;

	for (size_t i = 0; i < CHUNKS; i++)
		total += k->stored[i].len;
	kb_manifest_write(k->m, &k->encoded);
	k->m->total_size = total + k->encoded.len;
	kb_buf_clear(&k->encoded);
	kb_manifest_write(k->m, &k->encoded);
}

static void call(void (*change)(struct making *k), struct making *k)
{
	if (change)
		change(k);
}

void make_bundle(const struct sibling *s, struct making *k)
{
	uint8_t header[KB_HEADER_LEN];

	make_content();
	k->m = kb_manifest_new();
	make_release(k->m);
	make_needs(k->m);
	make_entries(k->m);
	make_steps(k->m);
	make_chunks(k);
	digest_of_zeros(&k->m->stub);
	call(s->manifest, k);
	encode(k);
	call(s->bytes, k);
	k->header.manifest_len = (uint32_t)k->encoded.len;
	k->header.n_slots = 1;
	sign(k->signer, KB_PURPOSE, &k->encoded, &k->header.slots[0]);
	call(s->signatures, k);
	kb_header_write(&k->header, header);
	kb_buf_add(&k->tail, header, sizeof(header));
	kb_buf_add(&k->tail, k->encoded.data, k->encoded.len);
	for (size_t i = 0; i < CHUNKS; i++)
		kb_buf_add(&k->tail, k->stored[i].data, k->stored[i].len);
	call(s->tail, k);
}

void forget_bundle(struct making *k)
{
	kb_manifest_free(k->m);
	for (size_t i = 0; i < CHUNKS; i++)
		kb_buf_free(&k->stored[i]);
	kb_buf_free(&k->encoded);
	kb_buf_free(&k->tail);
}
