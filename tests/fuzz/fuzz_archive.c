/* An image in a tar file, as `docker save` or an OCI layout has it: what leaves
 * kb_oci_find is consistent, whatever the file says of itself. */
#include "tests/fuzz/fuzz.h"

#include <locale.h>
#include <sys/mman.h>
#include <unistd.h>

#include "builder/archive.h"
#include "core/file.h"
#include "core/name.h"

static void find(struct kb_archive *archive)
{
	kb_autoociimage struct kb_oci_image image = {.n_layers = 0};
	struct kb_oci_source source;
	struct kb_err err = {.code = 0};

	kb_archive_source(archive, &source);
	if (kb_oci_find(&source, "x86_64", "test:1", &image, &err) < 0) {
		KB_MUST(err.code < 0 && err.text[0]);
		return;
	}
	KB_MUST(image.n_layers <= KB_OCI_LAYERS_MAX && image.config_text.len > 0);
	for (size_t i = 0; i < image.n_layers; i++)
		KB_MUST(kb_name_check_relative(image.layers[i].path, NULL) == 0);
}

/* One file for all inputs. The locale stays loaded, for the reader asks for it
 * again each time. */
static int begin(void)
{
	static volatile locale_t kept;
	int fd = memfd_create("archive", MFD_CLOEXEC);

	kept = newlocale(LC_CTYPE_MASK, "C.UTF-8", NULL);
	KB_MUST(fd >= 0 && kept);
	return fd;
}

KB_FUZZ(archive)
{
	static int fd = -1;
	kb_autoarchive struct kb_archive *archive = NULL;
	struct kb_err err = {.code = 0};
	int rc;

	if (fd < 0)
		fd = begin();
	KB_MUST(lseek(fd, 0, SEEK_SET) == 0 && kb_write_full(fd, data, len, &err) == 0 &&
		ftruncate(fd, (off_t)len) == 0);
	rc = kb_archive_open(fd, "f", &archive, &err);
	KB_MUST(rc == 0 || err.code == rc);
	if (rc == 0)
		find(archive);
	return 0;
}
