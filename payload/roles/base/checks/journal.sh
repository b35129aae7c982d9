#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# The limit that journald says it has, not the one in its file.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../base.sh
. "$KEYBUZZ_PAYLOAD/roles/base/base.sh"

# Journald's own message about the space that it may use.
SPACE=ec387f577b844b8fa948f33cad9a75e6

wanted=$(awk -F = '$1 == "SystemMaxUse" { print $2 }' /etc/systemd/journald.conf.d/limit.conf | numfmt --from=iec)
[ -d "/var/log/journal/$(cat /etc/machine-id)" ] || die "the journal is not kept on disk"
loaded systemd-journald.service /etc/systemd/journald.conf.d/limit.conf || die "journald runs with other limits: restart it"
limit=$(journalctl --quiet --no-pager --output json "MESSAGE_ID=$SPACE" 2>/dev/null |
	jq -r 'select(.JOURNAL_NAME == "System Journal") | .LIMIT' | tail -n 1)
if [ -n "$limit" ] && [ "$limit" -gt "$wanted" ]; then
	die "journald uses up to $limit bytes, not $wanted"
fi
used=$(du -s --block-size=1 "/var/log/journal" | cut -f 1)
[ "$used" -le "$((wanted + 33554432))" ] || die "the journal has $used bytes on disk, more than $wanted"
found "on disk, at most $(numfmt --to=iec "$wanted"), now $(numfmt --to=iec "$used")"
