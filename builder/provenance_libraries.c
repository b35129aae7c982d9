#include "builder/provenance_libraries.h"

static const struct kb_library libraries[] = {
#if __has_include("builder/libraries.h")
#include "builder/libraries.h"
#endif
	{NULL, NULL, NULL, false},
};

size_t kb_libraries(const struct kb_library **ret_libraries)
{
	*ret_libraries = libraries;
	return sizeof(libraries) / sizeof(libraries[0]) - 1;
}
