#include "builder/layer_locale.h"

int kb_layer_locale_begin(struct kb_layer_locale *l, struct kb_err *err)
{
	l->own = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	if (!l->own)
		return kb_err_errno(err, KB_E_MISSING, "the locale C.UTF-8");
	l->before = uselocale(l->own);
	return 0;
}

void kb_layer_locale_end(struct kb_layer_locale *l)
{
	if (!l->own)
		return;
	uselocale(l->before);
	freelocale(l->own);
	l->own = l->before = (locale_t)0;
}
