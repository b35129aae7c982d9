/* builder/image_source.c: where the images of a site come from. */
#include "tests/unit/small_site.h"

#include <string.h>

#include "builder/image_source.h"

KB_TEST(e10_references_that_float_are_refused)
{
	static const struct {
		const char *reference, *why;
	} cases[] = {
		{"docker.io/library/haproxy:2.8.5", NULL},
		{"localhost:5000/x:1", NULL},
		{"docker.io/library/"
		 "haproxy@sha256:0123456789012345678901234567890123456789012345678901234567890123",
		 NULL},
		{"docker.io/library/haproxy:latest", "floats"},
		{"docker.io/library/haproxy:stable", "floats"},
		{"docker.io/library/haproxy:edge", "floats"},
		{"docker.io/library/haproxy:main", "floats"},
		{"docker.io/library/haproxy:nightly", "floats"},
		{"docker.io/library/haproxy:alpine", "floats"},
		{"docker.io/library/haproxy", "floats"},
		{"localhost:5000/x", "floats"},
		{"haproxy:2.8.5", "registry"},
		{"library/haproxy:2.8.5", "registry"},
		{"docker.io/x:1@sha256:0123", "digest"},
		{"docker.io/x:1@md5:0123", "digest"},
		{"docker.io/X:1", "reference"},
		{"docker.io/x:", "characters"},
		{"docker.io/x y:1", "reference"},
		{"docker.io//x:1", "reference"},
		{"docker.io/x:1;id", "characters"},
		{"", "reference"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *fault = kb_image_source_fault(cases[i].reference);

		if (cases[i].why && !fault)
			fail_msg("accepted: %s", cases[i].reference);
		if (cases[i].why)
			assert_non_null(strstr(fault, cases[i].why));
		else
			assert_null(fault);
	}
}

KB_TEST(images_have_one_source)
{
	site_new();
	site_put("manifests/images.yaml", GOOD_IMAGES
		 "  Bad: {registry: docker.io/library/haproxy:latest}\n"
		 "  two: {registry: docker.io/x:1, oci: x}\n"
		 "  none: {tag: x}\n"
		 "  file: {archive: a.tar, sha256: 12}\n"
		 "  out: {archive: ../a.tar}\n"
		 "  deb: {debian: {suite: Trixie, base: [x y, ca-certificates, ca-certificates], "
		 "workdir: x, user: \"a b\", env: {1A: x, B: [1]}, entry: [x]}}\n"
		 "  twin: {tag: \"keybuzz/redis:8.0.2\", registry: docker.io/x:1}\n"
		 "  debpin: {debian: {suite: trixie, packages: [redis-server=1]}}\n");
	site_expect(
		"manifests/images.yaml:7:3: \"Bad\" is not a name; use a-z, 0-9 and -\n"
		"manifests/images.yaml:7:19: registry: \"docker.io/library/haproxy:latest\" has a "
		"tag that floats; name a version\n"
		"manifests/images.yaml:8:39: an image has one source; this one has \"registry\" "
		"and \"oci\"\n"
		"manifests/images.yaml:9:9: an image has one source: debian, registry, archive or "
		"oci\n"
		"manifests/images.yaml:9:15: tag: \"x\" is not a name like keybuzz/redis:8.0.2\n"
		"manifests/images.yaml:10:19: archive: a.tar: there is no such file\n"
		"manifests/images.yaml:10:34: sha256: \"12\" is not 64 lower-case hex digits\n"
		"manifests/images.yaml:11:18: archive: path \"../a.tar\": has the component "
		"\"..\"\n"
		"manifests/images.yaml:12:17: the key \"packages\" is missing\n"
		"manifests/images.yaml:12:25: suite: \"Trixie\" is not a suite like trixie\n"
		"manifests/images.yaml:12:40: base: \"x y\" is not a package name\n"
		"manifests/images.yaml:12:62: base: \"ca-certificates\" stands twice\n"
		"manifests/images.yaml:12:89: workdir: \"x\" is not an absolute path\n"
		"manifests/images.yaml:12:98: user: \"a b\" is not a user like \"999:999\"\n"
		"manifests/images.yaml:12:111: \"1A\" is not a name of the environment\n"
		"manifests/images.yaml:12:121: B: expected text, found a list\n"
		"manifests/images.yaml:12:127: unknown key \"entry\"; did you mean "
		"\"entrypoint\"?\n"
		"manifests/images.yaml:13:3: tag \"keybuzz/redis:8.0.2\" is also that of "
		"\"redis\"\n"
		"manifests/images.yaml:14:47: packages: \"redis-server=1\" is not a package "
		"name\n");
}
