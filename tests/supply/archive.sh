# shellcheck shell=dash
# A signed Debian archive in a folder, made by the tools that real ones are made
# with: dpkg-deb, dpkg-scanpackages, gpg. Source after lib.sh.

# shellcheck disable=SC2154 # lib.sh sets it
export GNUPGHOME="$work/gnupg"

# make_keys NAME..: a signing key each; NAME.gpg is its keyring.
make_keys() {
	local name
	(umask 077 && mkdir "$GNUPGHOME")
	for name; do
		gpg --batch --quiet --passphrase '' --quick-generate-key "$name@test" ed25519 sign never &&
			gpg --batch --quiet --export "$name@test" >"$work/$name.gpg" || exit 1
	done
}

end_keys() {
	gpgconf --kill all
}

# deb ARCHIVE NAME VERSION [FIELD: VALUE..]: a package of one file.
deb() {
	local pool name version tree field
	pool=$1/pool/main/$2 name=$2 version=$3
	shift 3
	tree=$work/deb-tree
	rm -rf "$tree"
	mkdir -p "$pool" "$tree/DEBIAN" "$tree/usr/share/$name"
	printf '%s %s\n' "$name" "$version" >"$tree/usr/share/$name/about"
	{
		printf 'Package: %s\nVersion: %s\nArchitecture: amd64\n' "$name" "$version"
		printf 'Maintainer: Test <test@example.org>\nPriority: optional\nSection: misc\n'
		for field; do
			printf '%s\n' "$field"
		done
		printf 'Description: test\n'
	} >"$tree/DEBIAN/control"
	dpkg-deb --root-owner-group -Zgzip -b "$tree" "$pool/${name}_$(printf %s "$version" |
		sed 's/^[0-9]*://')_amd64.deb" >"$work/out" 2>&1
}

# index ARCHIVE SUITE: its Packages, from the pool.
index() {
	local dir
	dir=$1/dists/$2/main/binary-amd64
	mkdir -p "$dir"
	(cd "$1" && dpkg-scanpackages --multiversion pool) >"$dir/Packages" 2>"$work/out"
}

# release ARCHIVE SUITE [FIELD: VALUE..]: the Release over the index.
release() {
	local dists packages suite field
	dists=$1/dists/$2 suite=$2
	shift 2
	packages=$dists/main/binary-amd64/Packages
	{
		printf 'Origin: Test\nSuite: %s\nCodename: %s\n' "$suite" "$suite"
		printf 'Architectures: amd64\nComponents: main\nDate: %s\n' "$(date -u -R)"
		for field; do
			printf '%s\n' "$field"
		done
		printf 'SHA256:\n %s %s main/binary-amd64/Packages\n' "$(digest "$packages")" \
			"$(size "$packages")"
	} >"$dists/Release"
}

# sign ARCHIVE SUITE KEY: InRelease, by the key of that name.
sign() {
	gpg --batch --quiet --yes --local-user "$3@test" --clear-sign \
		--output "$1/dists/$2/InRelease" "$1/dists/$2/Release"
}

# publish ARCHIVE SUITE KEY [FIELD: VALUE..]
publish() {
	local archive suite key
	archive=$1 suite=$2 key=$3
	shift 3
	index "$archive" "$suite"
	release "$archive" "$suite" "$@"
	sign "$archive" "$suite" "$key"
}
