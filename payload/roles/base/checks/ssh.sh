#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# sshd as it really is, and what it offers to whoever knocks: keys, and nothing
# else.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../base.sh
. "$KEYBUZZ_PAYLOAD/roles/base/base.sh"

scratch
mkdir -p /run/sshd
sshd -T >"$WORK/effective" || die "sshd -T fails"
while read -r name value; do
	[ "$value" != prohibit-password ] || value=without-password
	now=$(awk -v name="$name" '$1 == tolower(name) { print $2 }' "$WORK/effective")
	[ "$now" = "$value" ] || die "$name is '$now', not '$value'"
done <<EOF
$(grep -v '^#' "$BASE/sshd.conf")
EOF
port=$(awk '$1 == "port" { print $2; exit }' "$WORK/effective")
for key in /etc/ssh/ssh_host_*_key.pub; do
	printf '[%s]:%s %s\n' "$KEYBUZZ_ADDRESS" "$port" "$(cut -d ' ' -f 1,2 "$key")"
	printf '%s %s\n' "$KEYBUZZ_ADDRESS" "$(cut -d ' ' -f 1,2 "$key")"
done >"$WORK/known"
answer=$(ssh -F none -p "$port" -o BatchMode=yes -o UserKnownHostsFile="$WORK/known" -o GlobalKnownHostsFile=/dev/null \
	-o PubkeyAuthentication=no -o ConnectTimeout=5 "root@$KEYBUZZ_ADDRESS" true 2>&1) || true # refused, as it should
case $answer in
*'Permission denied (publickey).'*) ;;
*) die "to a client without a key sshd says: $(printf '%s\n' "$answer" | tail -n 1)" ;;
esac
[ "$(systemctl is-enabled ssh.service 2>/dev/null)" = enabled ] ||
	[ "$(systemctl is-enabled ssh.socket 2>/dev/null)" = enabled ] || die "neither ssh.service nor ssh.socket is enabled"
found "sshd offers keys only"
