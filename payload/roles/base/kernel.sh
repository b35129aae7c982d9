#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# Kernel modules, settings of the kernel, settings of devices: three files, and
# the running kernel brought in line with them. What a container may not set is
# said, and is no failure there.
# shellcheck source=../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=base.sh
. "$KEYBUZZ_PAYLOAD/roles/base/base.sh"

# mine KIND: the lines of templates/kernel.tsv that are for this host, without
# their first two fields.
mine() {
	local kind to rest
	kind=$1

	awk -F '\t' -v kind="$kind" '$1 == kind' "$BASE/kernel.tsv" | while IFS='	' read -r _ to rest; do
		if host_is "$to"; then
			printf '%s\n' "$rest"
		fi
	done
}

write_files() {
	{
		printf '# KeyBuzz: written by the installer.\n'
		mine module | tr ' ' '\n'
	} >"$WORK/modules"
	{
		printf '# KeyBuzz: written by the installer.\n'
		mine sysctl | awk -F '\t' '{ print $1 " = " $2 }'
	} >"$WORK/sysctl"
	{
		printf '# KeyBuzz: written by the installer.\n'
		mine sysfs | awk -F '\t' '{ print "w " $1 " - - - - " $2 }'
	} >"$WORK/tmpfiles"
	install_file "$WORK/modules" /etc/modules-load.d/keybuzz.conf || true # unchanged
	install_file "$WORK/sysctl" /etc/sysctl.d/99-keybuzz.conf || true     # unchanged
	install_file "$WORK/tmpfiles" /etc/tmpfiles.d/keybuzz.conf || true    # unchanged
}

load_modules() {
	local module

	for module in $(mine module); do
		if [ -d "/sys/module/$module" ]; then
			continue
		elif in_container; then
			warn "a container, not a host: the machine loads $module, or not"
		else
			# Also when it is a part of the kernel, and nothing is to be loaded.
			act modprobe "$module" || die "the kernel module $module is not to be had"
		fi
	done
}

set_sysctls() {
	local key value

	mine sysctl | while IFS='	' read -r key value; do
		[ "$(sysctl -n "$key" 2>/dev/null)" != "$value" ] || continue
		say "+ sysctl $key=$value"
		sysctl -q -w "$key=$value" 2>/dev/null ||
			refused "$key stays $(sysctl -n "$key" 2>/dev/null || printf unknown), not $value"
	done
}

# A choice of words has the chosen one in brackets.
set_sysfs() {
	local path value

	mine sysfs | while IFS='	' read -r path value; do
		if grep -qsF -e "[$value]" "$path" || [ "$(cat "$path" 2>/dev/null)" = "$value" ]; then
			continue
		fi
		say "+ write $value to $path"
		printf '%s\n' "$value" 2>/dev/null >"$path" || refused "$path does not become $value"
	done
}

main() {
	scratch
	write_files
	load_modules
	set_sysctls
	set_sysfs
}

main
