#include "stub/image_answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/json_read.h"
#include "stub/engine_call.h"

void kb_image_answer_free(struct kb_image_answer *a)
{
	kb_buf_free(&a->line);
	free(a->ids);
	a->ids = NULL;
	a->n_ids = 0;
}

static int failed(const char *words, struct kb_err *err)
{
	size_t n = strcspn(words, "\n");

	return kb_err_set(err, kb_engine_code(words), "the engine could not load the images: %.*s",
			  (int)(n < 400 ? n : 400), words);
}

static void note_id(struct kb_image_answer *a, const char *text)
{
	struct kb_digest digest;
	char hex[KB_HEX_LEN + 1];

	if (strncmp(text, "sha256:", 7) != 0 || strlen(text) < KB_IMAGE_ID_LEN ||
	    a->n_ids == KB_IMAGE_REPORTED_MAX)
		return;
	memcpy(hex, text + 7, KB_HEX_LEN);
	hex[KB_HEX_LEN] = '\0';
	if (!kb_digest_parse(hex, &digest))
		return;
	if (!a->ids)
		a->ids = kb_alloc(KB_IMAGE_REPORTED_MAX, sizeof(*a->ids));
	snprintf(a->ids[a->n_ids++], sizeof(*a->ids), "sha256:%s", hex);
}

/* The containerd store keeps an image it could not unpack, and mentions that
 * in words only. */
static int take_words(struct kb_image_answer *a, const char *text, struct kb_err *err)
{
	static const char id[] = "Loaded image ID: ";

	while (*text) {
		if (strncmp(text, "Error unpacking image", 21) == 0)
			return failed(text, err);
		if (strncmp(text, id, sizeof(id) - 1) == 0)
			note_id(a, text + sizeof(id) - 1);
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return 0;
}

static void take_progress(struct kb_image_answer *a, const struct kb_value *message)
{
	const struct kb_value *detail = kb_value_get(message, "progressDetail");
	const char *layer = kb_json_member(message, "id");
	uint64_t current = kb_json_member_u64(detail, "current");

	if (!detail || !*layer)
		return;
	if (strncmp(a->layer, layer, sizeof(a->layer) - 1) != 0) {
		snprintf(a->layer, sizeof(a->layer), "%s", layer);
		a->before += a->current;
		a->current = 0;
	}
	if (current > a->current && current <= UINT64_MAX - a->before)
		a->current = current;
}

static int take_message(struct kb_image_answer *a, const char *text, size_t len, struct kb_err *err)
{
	kb_autovalue struct kb_value *message = NULL;
	const struct kb_value *detail;
	const char *words;

	while (len && (text[len - 1] == '\r' || text[len - 1] == ' '))
		len--;
	if (len == 0)
		return 0;
	if (kb_json_parse("answer", text, len, &message, NULL) < 0 ||
	    kb_value_kind(message) != KB_VALUE_MAP)
		return kb_err_set(err, KB_E_DEPENDENCY,
				  "the engine's answer to the images is not understood");
	detail = kb_value_get(message, "errorDetail");
	words = kb_json_member(detail, "message");
	if (!*words)
		words = kb_json_member(message, "error");
	if (*words || detail)
		return failed(*words ? words : "no reason given", err);
	take_progress(a, message);
	return take_words(a, kb_json_member(message, "stream"), err);
}

int kb_image_answer_add(struct kb_image_answer *a, const char *data, size_t len, struct kb_err *err)
{
	int rc = 0;

	while (len && rc == 0) {
		const char *lf = memchr(data, '\n', len);
		size_t n = lf ? (size_t)(lf - data) : len;

		if (n > KB_IMAGE_MESSAGE_MAX - a->line.len)
			return kb_err_set(err, KB_E_DEPENDENCY,
					  "a message of the engine of more than %d bytes",
					  KB_IMAGE_MESSAGE_MAX);
		kb_buf_add(&a->line, data, n);
		if (lf) {
			rc = take_message(a, a->line.data, a->line.len, err);
			kb_buf_clear(&a->line);
			n++;
		}
		data += n;
		len -= n;
	}
	return rc;
}

int kb_image_answer_end(struct kb_image_answer *a, struct kb_err *err)
{
	return a->line.len ? take_message(a, a->line.data, a->line.len, err) : 0;
}
