# shellcheck shell=sh
log() {
	printf '%s\n' "$*"
}
