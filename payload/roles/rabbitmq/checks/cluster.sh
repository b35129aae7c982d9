#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# Every host sees the same cluster: of this name, with all hosts and no others,
# undivided, of one version.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../rabbitmq.sh
. "$KEYBUZZ_PAYLOAD/roles/rabbitmq/rabbitmq.sh"

# Seconds. Another host may restart right now, as in an upgrade.
PATIENCE=240

sees_all() {
	reply=$(whole_at "$1" 2>&1)
}

for name in $(peer_names); do
	poll "$PATIENCE" sees_all "$name" || die "as $name sees it: $reply"
done
view=$(inside cluster)
name=$(awk '$1 == "cluster-name" { print $2 }' "$RABBITMQ_BASE/settings/node")
printf '%s\n' "$view" | grep -qxF -e "name $name" ||
	die "the cluster is not called $name: $(printf '%s\n' "$view" | sed -n 's/^name //p')"
versions=$(printf '%s\n' "$view" | awk '$1 == "version" { print $3 }' | sort -u | paste -sd ' ')
case $versions in
*' '*) die "versions differ: $versions" ;;
esac
found "$name, $(peer_count) hosts run RabbitMQ $versions"
