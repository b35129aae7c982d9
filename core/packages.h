/* The text that dpkg and apt keep: paragraphs of fields, with an empty line
 * between them (deb822(5)); and the order of their versions. The text may be
 * anything: every length is bounded by END, nothing is copied.
 */
#ifndef CORE_PACKAGES_H
#define CORE_PACKAGES_H

#include <stdbool.h>
#include <stddef.h>

/* Where a bundle carries apt's index of a release. */
#define KB_PACKAGES_FOLDER "packages/"
#define KB_PACKAGES_INDEX  "packages/%s/Packages"

struct kb_control {
	const char *at, *end;
};

/* The next paragraph from *AT on, which is moved behind it; false at the end. */
bool kb_control_next(const char **at, const char *end, struct kb_control *ret_paragraph);

/* The value of a field, without the blanks around it; folded lines keep their
 * line ends. Names compare without case. False when there is none. */
bool kb_control_field(const struct kb_control *paragraph, const char *name, const char **ret_value,
		      size_t *ret_len);

/* A package's name (Debian policy 5.6.1), at most 128 characters of it. */
bool kb_packages_is_name(const char *text);

/* -1, 0, 1: [epoch:]upstream[-revision] as deb-version(7) orders them. */
int kb_debversion_cmp(const char *a, const char *b);

#endif
