#!/usr/bin/env bash
# ./dev soak fresh [FOLDER]: does the README's promise hold on a new Debian 12 with nothing but git?
#
# Makes such a Debian in a folder (debootstrap; kept and used again if FOLDER is given), clones the last commit into it
# under a name with blanks, quotes and letters that are not ASCII, and runs ./dev demo --once and ./dev test there: first
# as root, who has to install everything, then as an ordinary user with an unlikely name, who finds it installed.
# Needs root. Mirror, proxy and name server are those that this machine's apt uses. Everything runs in mount and process
# namespaces of its own: when this script ends, however it ends, so do its mounts and whatever it started.
set -euo pipefail
SUITE=bookworm
HERE=$(cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)
STRANGE="a folder, d'été \"ß\""
USER_NAME="zoë d'arc"
USER_ID=4711

say() { printf 'fresh: %s\n' "$*" >&2; }
die() { say "$*"; exit 2; }

# What this machine's apt uses for Debian itself: lines `URI SUITE`.
debian_sources() {
	# shellcheck disable=SC2016 # apt fills these in, not the shell
	apt-get indextargets --format '$(ORIGIN)|$(COMPONENT)|$(REPO_URI) $(CODENAME)' 'Created-By: Packages' |
		sed -n "s/^Debian\(-Security\)\?|main|\(.* $SUITE.*\)/\2/p" | sort -u
}

make_debian() {
	local mirror
	[ ! -f "$ROOT/.complete" ] || return 0
	mirror=$(debian_sources | sed -n "s/ $SUITE\$//p" | head -n 1)
	[ -n "$mirror" ] || die "this machine's apt knows no mirror of $SUITE: run apt-get update"
	say "making $SUITE in $ROOT"
	debootstrap --variant=minbase --include=git "$SUITE" "$ROOT" "$mirror" >"$WORK/debootstrap.log" 2>&1 ||
		{ tail -n 20 "$WORK/debootstrap.log" >&2; die 'debootstrap failed'; }
	debian_sources | sed 's/^/deb /; s/$/ main/' >"$ROOT/etc/apt/sources.list"
	apt-config dump Acquire::http Acquire::https | grep -i proxy >"$ROOT/etc/apt/apt.conf.d/90machine" || true
	printf '%s:x:%s:%s::/home/%s:/bin/bash\n' "$USER_NAME" $USER_ID $USER_ID "$USER_NAME" >>"$ROOT/etc/passwd"
	printf 'zoes:x:%s:\n' $USER_ID >>"$ROOT/etc/group"
	install -d -o $USER_ID -g $USER_ID "$ROOT/home/$USER_NAME"
	touch "$ROOT/.complete"
}

# npm must trust what this machine trusts, which may be more than Debian's own list.
lend_network() {
	cp -L /etc/resolv.conf /etc/hosts "$ROOT/etc/"
	[ ! -f /etc/ssl/certs/ca-certificates.crt ] || cp -L /etc/ssl/certs/ca-certificates.crt "$ROOT/etc/machine-ca.crt"
}

mounts() {
	mount --make-rprivate /
	mount -t proc proc "$ROOT/proc"
	mount --rbind /dev "$ROOT/dev"
	mount -t tmpfs tmpfs "$ROOT/dev/shm"
	mount -t tmpfs tmpfs "$ROOT/run"
}

# clone PARENT OWNER: the last commit, and the test data beside it where this machine has any.
clone() {
	local parent=$ROOT$1
	rm -rf -- "$parent" && mkdir -p "$parent/shared"
	git -c safe.directory="*" clone -q --no-hardlinks "$HERE" "$parent/$STRANGE"
	[ ! -d "$HERE/../shared/corpora" ] || cp -r "$HERE/../shared/corpora" "$parent/shared/"
	chown -R "$2" "$parent"
}

# inside PARENT UID HOME USER: demo and test, with an empty environment, no input, and a bound in time.
# shellcheck disable=SC2016 # expanded in there
inside() {
	local parent=$1 uid=$2 home=$3 user=$4
	timeout -k 20 2700 chroot "$ROOT" setpriv --reuid "$uid" --regid "$uid" --clear-groups env -i HOME="$home" \
		USER="$user" LOGNAME="$user" PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		NODE_EXTRA_CA_CERTS=/etc/machine-ca.crt ${npm_config_registry:+npm_config_registry="$npm_config_registry"} \
		bash -c 'cd -- "$1" && ./dev demo --once; demo=$?; ./dev test && exit $demo' bash "$parent/$STRANGE" </dev/null
}

one_run() {
	local label=$1 log=$WORK/$1.log rc=0
	shift
	say "$label: demo and test; the output goes to $log"
	inside "$@" >"$log" 2>&1 || rc=$?
	say "$label: $(tail -n 1 "$log") (exit $rc)"
	return $rc
}

both_runs() {
	local failed=0
	mounts
	clone "/srv/as root" 0:0
	one_run root "/srv/as root" 0 /root root || failed=1
	clone "/home/$USER_NAME/work" $USER_ID:$USER_ID
	one_run user "/home/$USER_NAME/work" $USER_ID "/home/$USER_NAME" "$USER_NAME" || failed=1
	return $failed
}

main() {
	[ "$(id -u)" -eq 0 ] || die 'needs root: it makes a Debian in a folder and enters it'
	if [ "${1:-}" = --inside ]; then
		WORK=$2 ROOT=$2/debian
		both_runs
		return
	fi
	WORK=${1:-$(mktemp -d /var/tmp/placet-fresh.XXXXXX)} ROOT=
	mkdir -p "$WORK" && WORK=$(cd -P -- "$WORK" && pwd) ROOT=$WORK/debian
	[ -n "${1:-}" ] || trap 'rm -rf --one-file-system -- "$ROOT"' EXIT
	make_debian
	lend_network
	unshare --mount --pid --fork --kill-child "$0" --inside "$WORK"
}

main "$@"
