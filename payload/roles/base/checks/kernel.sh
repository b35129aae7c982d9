#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# Each setting of the kernel, read back. A container has its machine's: that is
# counted and said.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../base.sh
. "$KEYBUZZ_PAYLOAD/roles/base/base.sh"

read_back() {
	local key value now

	while IFS='	' read -r key value; do
		now=$(sysctl -n "$key" 2>/dev/null) || now=unknown
		[ "$now" = "$value" ] || printf '%s is %s, not %s\n' "$key" "$now" "$value"
	done
}

wanted=$(grep -v '^#' /etc/sysctl.d/99-keybuzz.conf | sed 's/ = /	/')
wrong=$(printf '%s\n' "$wanted" | read_back)
missing=
while read -r module; do
	case $module in
	'#'*) continue ;;
	esac
	[ -d "/sys/module/$module" ] || modprobe --dry-run --quiet "$module" || missing="$missing $module"
done </etc/modules-load.d/keybuzz.conf
total=$(printf '%s\n' "$wanted" | wc -l)
[ -z "$wrong" ] || n=$(printf '%s\n' "$wrong" | wc -l)
if [ -n "$wrong$missing" ] && ! in_container; then
	die "$(printf '%s\n' "$wrong" ${missing:+"modules missing:$missing"} | sed '/^$/d' | paste -sd ';')"
fi
if [ -n "$wrong$missing" ]; then
	[ -z "$wrong" ] || say "$wrong"
	found "a container, not a host: $((total - ${n:-0})) of $total settings are as they should be${missing:+; modules missing:$missing}"
	exit 0
fi
found "$total settings as they should be"
