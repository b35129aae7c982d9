#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# What is written here is read at once on every other host.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../mariadb.sh
. "$KEYBUZZ_PAYLOAD/roles/mariadb/mariadb.sh"

table=keybuzz_selftest.check_$(printf '%s' "$KEYBUZZ_HOST" | tr -c 'A-Za-z0-9' _)
nonce=$(od -An -N8 -tx1 /dev/urandom | tr -d ' \n')

drop_table() {
	local_sql "DROP TABLE IF EXISTS $table" || warn "$table stays"
}

trap drop_table EXIT
local_sql "CREATE OR REPLACE TABLE $table (nonce VARCHAR(32) PRIMARY KEY)"
local_sql "INSERT INTO $table VALUES ('$nonce')"
for address in $(other_addresses); do
	# Waits until that node has applied everything that was committed before.
	said=$(remote_sql monitor "$address" "SET SESSION wsrep_sync_wait = 1; SELECT nonce FROM $table")
	[ "$said" = "$nonce" ] || die "$(peer_name "$address"): reads '$said', not what was just written"
done
found "a write here is read at once on $(($(peer_count) - 1)) other hosts"
