#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# The passwords of redis.env, before anything uses them: in characters that
# need no quoting in any file, and those that the cluster has.
# shellcheck source=../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=redis.sh
. "$KEYBUZZ_PAYLOAD/roles/redis/redis.sh"

settings=$REDIS_BASE/settings

check_characters() {
	local name

	for name in redis sentinel check; do
		if ! grep -qxE '[A-Za-z0-9._~-]+' "$settings/$name.password"; then
			die "redis.env: the password for '$name' holds a character other than A-Z a-z 0-9 . _ ~ -"
		fi
	done
}

check_difference() {
	if cmp -s "$settings/redis.password" "$settings/sentinel.password"; then
		warn "redis.env: REDIS_SENTINEL_PASSWORD is the same as REDIS_PASSWORD"
	fi
	if cmp -s "$settings/redis.password" "$settings/check.password"; then
		die "redis.env: REDIS_CHECK_PASSWORD is the same as REDIS_PASSWORD; whoever only checks would know both"
	fi
}

# A restart with another password would leave the cluster: its replicas and the
# Sentinels could no longer log in. A host that was wrong alone may be mended.
check_cluster() {
	local kind address

	container_running redis || return 0
	container_running redis-sentinel || return 0
	for kind in redis sentinel check; do
		case $(ask "$kind" "$KEYBUZZ_ADDRESS" PING) in
		*WRONGPASS* | *NOAUTH*) ;;
		*) continue ;;
		esac
		for address in $(other_addresses); do
			[ "$(ask "$kind" "$address" PING)" != PONG ] || continue 2
		done
		die "redis.env: the password for '$kind' is not the one in use here nor on any other host." \
			"Restore redis.env; or change it in the running cluster first;" \
			"or stop $SENTINEL_UNIT and $REDIS_UNIT on all hosts."
	done
}

check_characters
check_difference
check_cluster
