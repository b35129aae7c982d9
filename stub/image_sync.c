#include "stub/image_sync.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/mem.h"

static bool add(struct kb_image_sync *s, const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		s->fds[s->n++] = fd;
	return fd >= 0;
}

void kb_image_sync_begin(const struct kb_engine *engine, struct kb_image_sync *ret_sync)
{
	const struct kb_engine_info *info = kb_engine_info(engine);
	kb_autofree char *driver = NULL;

	memset(ret_sync, 0, sizeof(*ret_sync));
	ret_sync->all = !add(ret_sync, info->root);
	/* some hosts mount the driver's folder apart */
	if (*info->driver && !strchr(info->driver, '/')) {
		driver = kb_format("%s/%s", info->root, info->driver);
		add(ret_sync, driver);
	}
	if (info->store == KB_ENGINE_CONTAINERD)
		add(ret_sync, KB_IMAGE_CONTAINERD_ROOT); /* absent when dockerd runs its own */
}

int kb_image_sync_end(struct kb_image_sync *s, struct kb_err *err)
{
	int rc = 0;

	if (s->all)
		sync(); /* reports nothing */
	for (int i = 0; rc == 0 && i < s->n; i++)
		if (syncfs(s->fds[i]) < 0)
			rc = kb_err_errno(err, KB_E_IO, "flushing the container engine's files");
	kb_image_sync_drop(s);
	return rc;
}

void kb_image_sync_drop(struct kb_image_sync *s)
{
	for (int i = 0; i < s->n; i++)
		close(s->fds[i]);
	s->n = 0;
}
