/* Whom this host trusts, and what to tell an operator whose host trusts nobody
 * yet: how to check by hand, with tools the host already has, before anything
 * of a bundle is believed. */
#ifndef STUB_TRUSTCHECK_H
#define STUB_TRUSTCHECK_H

#include "core/trust.h"
#include "stub/run.h"

/* Anchors of --trust-dir, and --trust-fingerprint beside them. */
int kb_trustcheck_load(const struct kb_run *run, struct kb_trust *ret_trust, struct kb_err *err);

/* On stderr, after kb_bundle_open said KB_E_TRUST: every signature of RUN's
 * file does verify, only nobody here vouches for the keys. */
void kb_trustcheck_explain(const struct kb_run *run, const struct kb_trust *trust);

#endif
