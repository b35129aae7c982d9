# shellcheck shell=dash
# servers.tsv: 12 columns, one TAB between them, empty columns count.

# inventory_hosts FILE "ROLE[/SUBROLE] ..": HOST=IP,ROLE,SUBROLE per line of ENV prod.
inventory_hosts() {
	local file select found
	file=$1 select=$2

	[ -r "$file" ] || die "inventory: cannot read $file"
	[ -n "$select" ] || die "inventory: --select ROLE says which hosts"
	found=$(awk -F '\t' -v select="$select" '
		BEGIN {
			count = split(select, words, " ")
			for (i = 1; i <= count; i++)
				wanted[words[i]] = 1
		}
		{ sub(/\r$/, "") }
		$1 != "prod" { next }
		($8 in wanted) || (($8 "/" $9) in wanted) {
			printf "%s=%s,%s%s\n", $3, $4, $8, $9 == "" ? "" : "," $9
		}' "$file")
	[ -n "$found" ] || die "inventory: no line of ENV prod in $file has the role$select"
	printf '%s\n' "$found"
}
