# shellcheck shell=dash
# The rules of this host as UFW writes them (`ufw show added`), one a line: those
# that the site wants, those that are there, those that the kernel has. A rule of
# ours carries a comment; any other is somebody else's and stays.

# shellcheck disable=SC2034
RULE_TAG=keybuzz:base SESSION_TAG=keybuzz:session

# wanted_rules: the matrix of the site for this host, each rule once.
wanted_rules() {
	awk -F '\t' -v self="$KEYBUZZ_ADDRESS" -v site="$(setting site)" \
		-v admins="$(setting admins)" -v users="$(setting users)" \
		-v permissive="$(setting permissive)" '
		function is(i, s) {
			return s == "all" || s == role[i] || s == role[i] "/" subrole[i] ||
				s == role[i] "/" subrole[i] "/" stack[i]
		}
		function put(line) {
			if (!(line in seen))
				print line
			seen[line] = 1
		}
		# UFW sorts the ports of a rule.
		function sorted(ports,    item, n, i, j, x) {
			n = split(ports, item, ",")
			for (i = 2; i <= n; i++)
				for (j = i; j > 1 && item[j] + 0 < item[j - 1] + 0; j--) {
					x = item[j]; item[j] = item[j - 1]; item[j - 1] = x
				}
			x = item[1]
			for (i = 2; i <= n; i++)
				x = x "," item[i]
			return x
		}
		function rule(ports, source,    part) {
			if (ports == "any")
				put("allow from " source)
			else if (ports == "routed") {
				put("route allow from " source)
				put("route allow to " source)
			} else if (split(ports, part, "/") == 2)
				put("allow from " source " to any port " sorted(part[1]) " proto " part[2])
			else
				put("allow from " source " proto " ports)
		}
		function rules(ports, words,    list, n, w, i) {
			n = split(words, list, " ")
			for (w = 1; w <= n; w++) {
				if (list[w] == "site")
					rule(ports, site)
				else if (list[w] == "admins")
					rules(ports, admins)
				else if (list[w] == "users")
					rules(ports, users)
				else if (list[w] ~ /^[0-9a-f]*[.:]/) {
					sub("/32$", "", list[w])
					rule(ports, list[w])
				} else
					for (i = 1; i <= hosts; i++)
						if (i != me && is(i, list[w]))
							rule(ports, address[i])
			}
		}
		FILENAME == ARGV[1] {
			hosts++
			address[hosts] = $2; role[hosts] = $3; subrole[hosts] = $4; stack[hosts] = $5
			if ($2 == self)
				me = hosts
			next
		}
		is(me, $1) { rules($2, $3) }
		END {
			if (permissive == "true")
				put("allow from " site)
		}' "$BASE_HOSTS" "$BASE/firewall.tsv"
}

# added: all rules, with their comments. UFW is asked once: it takes its time.
added() {
	if [ ! -e "$WORK/added" ]; then
		ufw show added >"$WORK/added.all" || die "ufw does not show its rules"
		sed -n 's/^ufw //p' "$WORK/added.all" >"$WORK/added"
	fi
	cat "$WORK/added"
}

# changed: by us, so UFW is asked again.
changed() {
	rm -f "$WORK/added"
}

# without_comments, of rules on standard input.
without_comments() {
	sed "s/ comment '.*'\$//"
}

# tagged TAG: the rules with that comment, without it.
tagged() {
	added | sed -n "s/ comment '$1'\$//p"
}

# kernel_rules: what the kernel lets in for IPv4 in UFW's own words, also that
# of others.
kernel_rules() {
	iptables -S ufw-user-input 2>/dev/null | awk '
		$NF != "ACCEPT" { next }
		{
			source = proto = ports = ""
			for (i = 3; i < NF; i++)
				if ($i == "-s")
					source = $(i + 1)
				else if ($i == "-p")
					proto = $(i + 1)
				else if ($i == "--dport" || $i == "--dports")
					ports = $(i + 1)
			sub("/32$", "", source)
			if (proto == "112")
				proto = "vrrp"
			line = "allow from " source
			if (ports != "")
				line = line " to any port " ports
			if (proto != "")
				line = line " proto " proto
			print line
		}'
}

# lines_without FILE FILE: of the first one that are not in the second.
lines_without() {
	awk 'FILENAME == ARGV[1] { there[$0] = 1; next } !($0 in there)' "$2" "$1"
}

# As UFW itself judges it, but at once.
ufw_is_active() {
	grep -qix 'ENABLED=yes' /etc/ufw/ufw.conf && iptables -S ufw-user-input >/dev/null 2>&1
}

# policy INPUT|OUTPUT|FORWARD: as UFW will set it.
policy() {
	sed -n "s/^DEFAULT_$1_POLICY=\"\\(.*\\)\"\$/\\1/p" /etc/default/ufw
}
