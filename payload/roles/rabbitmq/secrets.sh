#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# What rabbitmq.env holds, before anything uses it: characters that need no
# quoting in any file, different secrets, and the cookie that the data has.
# shellcheck source=../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=rabbitmq.sh
. "$KEYBUZZ_PAYLOAD/roles/rabbitmq/rabbitmq.sh"

settings=$RABBITMQ_BASE/settings
DATA=$RABBITMQ_BASE/data

check_characters() {
	local name

	for name in application admin monitor; do
		grep -qxE '[A-Za-z0-9._~-]+' "$settings/$name.password" ||
			die "rabbitmq.env: the password for '$name' holds a character other than A-Z a-z 0-9 . _ ~ -"
	done
	# Erlang takes no white space in it; whoever has it is the broker.
	grep -qxE '[A-Za-z0-9]{20,255}' "$settings/erlang.cookie" ||
		die "rabbitmq.env: RABBITMQ_ERLANG_COOKIE is not 20 letters and digits or more"
}

check_difference() {
	local same

	same=$(sort "$settings"/*.password "$settings/erlang.cookie" | uniq -d | wc -l)
	[ "$same" -eq 0 ] || die "rabbitmq.env: two secrets are the same; whoever has one would have both"
}

# A node with another cookie than its cluster is outside of it. That of a node
# with data is replaced by nobody; a node that is new takes what it is given.
put_cookie() {
	local cookie
	cookie=$DATA/.erlang.cookie

	if [ -e "$cookie" ]; then
		if [ "$(cat "$cookie")" = "$(cat "$settings/erlang.cookie")" ]; then
			return 0
		fi
		[ ! -e "$DATA/.keybuzz-member" ] ||
			die "rabbitmq.env: RABBITMQ_ERLANG_COOKIE is not the one this host is in the cluster with." \
				"Restore rabbitmq.env, or stop all hosts and replace $cookie on each."
	fi
	say "+ write $cookie"
	umask 077
	# Without the line's end: the same bytes on all hosts.
	tr -d '\n' <"$settings/erlang.cookie" >"$cookie.new"
	chown 999:999 "$cookie.new"
	chmod 0400 "$cookie.new"
	sync "$cookie.new"
	mv -f "$cookie.new" "$cookie"
	if container_running rabbitmq; then
		act systemctl restart "$RABBITMQ_UNIT"
	fi
}

check_characters
check_difference
put_cookie
