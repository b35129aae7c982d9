#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# The credentials of postgres.env, before anything uses them: in characters that
# need no quoting in any file, and those that the cluster has.
# shellcheck source=../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=postgres.sh
. "$KEYBUZZ_PAYLOAD/roles/postgres/postgres.sh"

config=$PATRONI_BASE/config

# all PATTERN NAME..: the values of these names are of that form.
all() {
	local name pattern
	pattern=$1
	shift

	for name; do
		grep -qxE "$name $pattern" "$config/secrets.new" ||
			die "postgres.env: the value for '$name' is not of the form $pattern"
	done
}

check_forms() {
	all '[A-Za-z0-9._~-]+' api raft superuser-password replication-password rewind-password \
		user-password
	all '[a-z_][a-z0-9_]{0,62}' superuser replication-user rewind-user user database \
		n8n-user n8n-database
	all '[A-Za-z0-9_-]{1,63}' cluster api-user
	all 'SCRAM-SHA-256\$[0-9]+:[A-Za-z0-9+/=]+\$[A-Za-z0-9+/=]+:[A-Za-z0-9+/=]+' \
		user-verifier n8n-verifier
}

# Of those who may log in, nobody is somebody else.
check_difference() {
	local twice

	twice=$(awk '$1 ~ /^(superuser|replication-user|rewind-user|user|n8n-user)$/ { print $2 }' \
		"$config/secrets.new" | sort | uniq -d)
	[ -z "$twice" ] || die "postgres.env: the name $twice stands for two users"
	twice=$(awk '$1 ~ /^(api|raft|.*-password)$/ { n[$2]++; if (n[$2] == 2) print $1 }' \
		"$config/secrets.new" | head -n 1)
	[ -z "$twice" ] || warn "postgres.env: the password for '$twice' is that of another one, too"
}

accept() {
	local new

	cmp -s "$config/secrets.new" "$config/secrets" && return 0
	new=$(mktemp "$config/secrets.XXXXXX")
	cp -p "$config/secrets.new" "$new"
	sync "$new"
	mv "$new" "$config/secrets"
}

check_forms
check_difference
inside credentials-fit </dev/null || die "these credentials are not used"
accept
