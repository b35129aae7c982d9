#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# guard.sh MAJOR: looks at what is in the data directory before anything is
# changed. What is not ours, or not of this major version, is left alone.
# shellcheck source=../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=postgres.sh
. "$KEYBUZZ_PAYLOAD/roles/postgres/postgres.sh"

data=$POSTGRES_BASE/data

# Patroni renames a data directory that failed.
check_foreign() {
	local found

	found=$(find "$data" -mindepth 1 -maxdepth 1 ! -name 'pgdata*' ! -name lost+found \
		! -name .keybuzz-postgres | head -n 3)
	[ -z "$found" ] ||
		die "$data holds what is not of this role: $(printf '%s' "$found" | tr '\n' ' ');" \
			"move it away, or name another volume"
}

check_database() {
	local found
	[ -d "$data/pgdata" ] || return 0

	if [ -f "$data/pgdata/PG_VERSION" ]; then
		read -r found <"$data/pgdata/PG_VERSION"
		[ "$found" = "$major" ] ||
			die "$data/pgdata is of PostgreSQL $found, this bundle has $major;" \
				"a migration is needed, an install does not do it"
	elif [ -n "$(find "$data/pgdata" -mindepth 1 -maxdepth 1 | head -n 1)" ]; then
		die "$data/pgdata is not empty and no database; move it away"
	fi
}

major=$1
[ -d "$data" ] || exit 0
check_foreign
check_database
