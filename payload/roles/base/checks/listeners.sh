#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# Whatever listens to the network stands in the matrix of the site.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../base.sh
. "$KEYBUZZ_PAYLOAD/roles/base/base.sh"
# shellcheck source=../firewall-rules.sh
. "$KEYBUZZ_PAYLOAD/roles/base/firewall-rules.sh"

# Client ports and addresses by DHCP are no services.
listeners() {
	ss -Hlntu | awk '
		{
			address = $5
			port = address
			sub(/.*:/, "", port)
			sub(/:[^:]*$/, "", address)
			gsub(/[][]/, "", address)
			sub(/%.*/, "", address)
		}
		address ~ /^127\./ || address == "::1" || address ~ /^::ffff:127\./ { next }
		$1 == "udp" && (port == 68 || port == 546 || port >= 32768) { next }
		{ print port "/" $1 }' | sort -u
}

# in_matrix PORT/PROTOCOL
in_matrix() {
	added | without_comments | awk -v port="${1%/*}" -v proto="${1#*/}" '
		function covers(list,    item, n, i, end) {
			n = split(list, item, ",")
			for (i = 1; i <= n; i++)
				if (split(item[i], end, ":") == 2 ? port >= end[1] && port <= end[2] : port == item[i])
					return 1
			return 0
		}
		/^allow / {
			ports = ""
			for (i = 1; i < NF; i++)
				if ($i == "port")
					ports = $(i + 1)
			if (ports != "" && $NF == proto && covers(ports))
				hit = 1
		}
		END { exit !hit }'
}

scratch
strange=
for listener in $(listeners); do
	in_matrix "$listener" || strange="$strange $listener"
done
[ -z "$strange" ] || die "listening, and no rule of this host's lets anybody in:$strange (ss -lntup says who; a service of the site's own belongs into firewall.rules)"
found "$(listeners | paste -sd ' ') listening, all of them in the matrix"
