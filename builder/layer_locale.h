/* libarchive converts names between the charset of the header (UTF-8) and that
 * of the locale. This program never calls setlocale, and in the "C" locale
 * names like "Főtanúsítvány.crt" would be lost; so the calling thread, and only
 * it, has UTF-8 as its charset while it reads or writes a tar. Nothing else of
 * the locale changes. */
#ifndef BUILDER_LAYER_LOCALE_H
#define BUILDER_LAYER_LOCALE_H

#include <locale.h>

#include "core/err.h"

struct kb_layer_locale {
	locale_t own, before;
};
#define KB_LAYER_LOCALE_INIT             \
	{                                \
		(locale_t)0, (locale_t)0 \
	}
#define kb_autolocale __attribute__((cleanup(kb_layer_locale_end)))

int kb_layer_locale_begin(struct kb_layer_locale *l, struct kb_err *err);
void kb_layer_locale_end(struct kb_layer_locale *l);

#endif
