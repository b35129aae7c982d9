#include "stub/image_load.h"

static int from_bundle(void *ctx, uint32_t blob, kb_sink_fn sink, void *sink_ctx,
		       struct kb_err *err)
{
	return kb_bundle_stream(ctx, blob, sink, sink_ctx, err);
}

void kb_image_feed_bundle(struct kb_bundle *bundle, struct kb_image_feed *ret_feed)
{
	ret_feed->manifest = kb_bundle_manifest(bundle);
	ret_feed->stream = from_bundle;
	ret_feed->ctx = bundle;
}
