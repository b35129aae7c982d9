#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# MariaDB of this host is stopped in order and started, as for maintenance, while a
# client writes.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../mariadb.sh
. "$KEYBUZZ_PAYLOAD/roles/mariadb/mariadb.sh"
# shellcheck source=writer.sh
. "$KEYBUZZ_PAYLOAD/roles/mariadb/failover/writer.sh"

# Milliseconds without a write that are allowed.
LIMIT=10000

main() {
	writer_begin 180
	act systemctl restart "$MARIADB_UNIT"
	poll 120 whole || die "the cluster is not whole after 120 s"
	writer_end "$LIMIT"
}

main
