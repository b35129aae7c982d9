#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# The settings that keep data: append-only file, no eviction, a memory limit.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../redis.sh
. "$KEYBUZZ_PAYLOAD/roles/redis/redis.sh"

# wanted NAME: as the installer has written it on this host.
wanted() {
	awk -v name="$1" '$1 == name { print $2 }' "$REDIS_BASE/settings/redis.conf"
}

# "NAME VALUE" lines of what Redis at ADDRESS runs with.
running() {
	ask redis "$1" CONFIG GET appendonly appendfsync maxmemory maxmemory-policy \
		maxclients min-replicas-to-write replica-announce-ip protected-mode |
		awk 'NR % 2 { name = $0; next } { print name, $0 }'
}

# Redis lowers maxclients by itself where it may not open enough files.
for address in $(peer_addresses); do
	settings=$(running "$address")
	for line in 'appendonly yes' 'appendfsync everysec' 'protected-mode yes' \
		"maxmemory-policy $(wanted maxmemory-policy)" \
		"maxclients $(wanted maxclients)" \
		"min-replicas-to-write $(wanted min-replicas-to-write)" \
		"replica-announce-ip $address"; do
		printf '%s\n' "$settings" | grep -qxF -e "$line" ||
			die "$(peer_name "$address"): not '$line' but '$(printf '%s\n' "$settings" | grep -e "^${line%% *} ")'"
	done
	! printf '%s\n' "$settings" | grep -qx 'maxmemory 0' || die "$(peer_name "$address"): no maxmemory"
	state=$(info "$address" persistence aof_last_write_status)
	[ "$state" = ok ] || die "$(peer_name "$address"): aof_last_write_status is '$state'"
done
found "append-only file on and written, memory limited, $(wanted maxmemory-policy)"
