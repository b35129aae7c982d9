# shellcheck shell=dash
# Shared by the scripts of the mini role.

say() {
	printf '%s\n' "$*" >&2
}
