#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# The firewall: UFW with the site's matrix of ports. Rules are added where they
# are missing, and taken away where the site no longer wants one of ours; nothing
# is ever reset, so other bundles' and the operator's rules stay. Whoever is
# connected by ssh keeps a way in: that comes before the door is closed.
# shellcheck source=../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=base.sh
. "$KEYBUZZ_PAYLOAD/roles/base/base.sh"
# shellcheck source=firewall-rules.sh
. "$KEYBUZZ_PAYLOAD/roles/base/firewall-rules.sh"

# rule VERB RULE..: the words of a rule are its arguments.
rule() {
	local verb
	verb=$1
	shift

	changed
	case "$verb $1" in
	'add route') shift && act ufw route "$@" >/dev/null ;;
	add*) act ufw "$@" >/dev/null ;;
	'delete route') shift && act ufw route delete "$@" >/dev/null ;;
	delete*) act ufw delete "$@" >/dev/null ;;
	esac
}

# add_missing TAG: of the rules on standard input those that nobody has added.
add_missing() {
	local tag line
	tag=$1

	cat >"$WORK/given"
	added | without_comments >"$WORK/there"
	lines_without "$WORK/given" "$WORK/there" >"$WORK/missing"
	while IFS= read -r line; do
		# shellcheck disable=SC2086
		rule add $line comment "$tag" || die "ufw refuses: $line"
	done <"$WORK/missing"
}

remove_obsolete() {
	local line

	wanted_rules >"$WORK/wanted"
	tagged "$RULE_TAG" >"$WORK/ours"
	lines_without "$WORK/ours" "$WORK/wanted" >"$WORK/obsolete"
	while IFS= read -r line; do
		# shellcheck disable=SC2086
		rule delete $line || die "ufw does not delete: $line"
	done <"$WORK/obsolete"
}

# session_rules: one for each address that is connected to sshd right now and
# that no wanted rule lets in.
session_rules() {
	local port

	wanted_rules >"$WORK/site"
	for port in $(sshd -T 2>/dev/null | awk '$1 == "port" { print $2 }'); do
		ss -Hnt state established "( sport = :$port )" | awk -v port="$port" '
			function number(ip,    part) {
				split(ip, part, ".")
				return ((part[1] * 256 + part[2]) * 256 + part[3]) * 256 + part[4]
			}
			function within(ip, net,    part, size) {
				if (split(net, part, "/") < 2)
					part[2] = 32
				size = 2 ^ (32 - part[2])
				return int(number(ip) / size) == int(number(part[1]) / size)
			}
			FILENAME == ARGV[1] {
				if ($0 ~ "^allow from [0-9./]+$" ||
				    ($5 == "any" && $NF == "tcp" && index("," $7 ",", "," port ",")))
					open[$3] = 1
				next
			}
			{
				ip = $4
				sub(/:[0-9]+$/, "", ip)
				gsub(/[][]/, "", ip)
				sub(/^::ffff:/, "", ip)
				if (ip ~ /^127\./ || ip == "::1" || ip ~ /%/)
					next
				for (net in open)
					if (ip !~ /:/ && within(ip, net))
						next
				print "allow from " ip " to any port " port " proto tcp"
			}' "$WORK/site" - | sort -u
	done
}

# set_policy WORD NAME POLICY
set_policy() {
	if [ "$(policy "$2")" != "$3" ]; then
		case $3 in
		DROP) act ufw default deny "$1" >/dev/null ;;
		ACCEPT) act ufw default allow "$1" >/dev/null ;;
		esac
	fi
}

# check_ways_in: whoever is connected and somebody of the site can come in by
# ssh again. Looked up in what UFW has, not in what it was given.
check_ways_in() {
	added | without_comments >"$WORK/there"
	{
		wanted_rules | grep -E '^allow from .* port ([0-9,:]+,)?22(,[0-9,:]+)? proto tcp$' || true # not on this port
		session_rules
	} | sort -u >"$WORK/ways"
	[ -s "$WORK/ways" ] || die "no rule lets anybody in by ssh: the door stays open"
	lines_without "$WORK/ways" "$WORK/there" >"$WORK/missing"
	[ ! -s "$WORK/missing" ] || die "ufw did not take: $(head -n 1 "$WORK/missing"); the door stays open"
}

switch_on() {
	if ! iptables -S INPUT >/dev/null 2>&1; then
		refused "the kernel has no packet filter: the rules are written and not enforced"
		return 0
	fi
	act ufw --force enable >/dev/null || die "ufw is not enabled"
}

main() {
	command -v ufw >/dev/null || die "ufw is not installed"
	scratch
	# For a purge: what it finds then is ours.
	if [ ! -e "$BASE/state/ufw.before" ]; then
		{
			grep '^ENABLED=' /etc/ufw/ufw.conf
			grep '^DEFAULT_.*_POLICY=' /etc/default/ufw
		} >"$BASE/state/ufw.before.new"
		mv "$BASE/state/ufw.before.new" "$BASE/state/ufw.before"
	fi
	wanted_rules | add_missing "$RULE_TAG"
	session_rules | add_missing "$SESSION_TAG"
	check_ways_in
	remove_obsolete
	set_policy incoming INPUT DROP
	set_policy outgoing OUTPUT ACCEPT
	set_policy routed FORWARD DROP
	enable_unit ufw.service
	ufw_is_active || switch_on
	if ufw_is_active && ! systemctl --quiet is-active ufw.service; then
		act systemctl start ufw.service
	fi
}

main
