#!/usr/bin/env bash
# A stranger's machine: a chroot with nothing but Debian's base, make and git, the Go and Node of this machine mounted in, an empty home and a
# clean clone. In it the two commands on the first lines of the README are typed as they stand; the second one runs, among all tests, every
# other command of the README and its tour in a browser (e2e/tour_test.go). Needs root, and the network for packages.
set -euo pipefail
cd "$(dirname "$0")/.."
die() { echo "tour: $1" >&2; exit 1; }
[ "$(id -u)" = 0 ] || die "a chroot needs root"
command -v git >/dev/null || die "git is missing"
if ! command -v mmdebstrap >/dev/null && ! command -v debootstrap >/dev/null; then
  command -v apt-get >/dev/null || die "mmdebstrap or debootstrap is missing, and so is apt-get to install it"
  DEBIAN_FRONTEND=noninteractive apt-get update -qq </dev/null
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends mmdebstrap </dev/null >/dev/null || die "mmdebstrap cannot be installed"
fi
go=$(go env GOROOT) node=$(dirname "$(dirname "$(readlink -f "$(command -v node)")")")
suite=$(. /etc/os-release; echo "${VERSION_CODENAME:-stable}")
root=$(mktemp -d)
mounted=()
cleanup() {
  status=$?
  set +e
  for ((i = ${#mounted[@]} - 1; i >= 0; i--)); do umount -l "${mounted[i]}"; done
  # Never through a mount: one that is still there keeps the folder.
  if mount | grep -q " on $root/"; then echo "tour: $root is still mounted and stays" >&2; else rm -rf "$root"; fi
  exit "$status"
}
trap cleanup EXIT
step() { echo "== $*"; }

step "a bare $suite"
packages=make,git,ca-certificates
if command -v mmdebstrap >/dev/null; then
  mmdebstrap --quiet --variant=apt --include="$packages" "$suite" "$root/sys"
else
  debootstrap --variant=minbase --include="$packages" "$suite" "$root/sys" >/dev/null
fi
sys=$root/sys
bind() { # bind FROM TO [ro]
  mkdir -p "$sys$2"
  mount --bind "$1" "$sys$2"
  mounted+=("$sys$2")
  [ "${3:-}" != ro ] || mount -o remount,bind,ro "$sys$2"
}
bind /proc /proc
bind /dev /dev
bind /dev/pts /dev/pts
mount -t tmpfs tmpfs "$sys/dev/shm" 2>/dev/null && mounted+=("$sys/dev/shm") || true
bind "$go" /opt/go ro
# Node and npm, wherever they are here, at a place of their own.
if [ "$node" = /usr ]; then
  mkdir -p "$sys/opt/node/bin" "$sys/opt/node/lib/node_modules"
  cp "$(readlink -f "$(command -v node)")" "$sys/opt/node/bin/node"
  cp -r "$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")" "$sys/opt/node/lib/node_modules/npm"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$sys/opt/node/bin/npm"
else
  bind "$node" /opt/node ro
fi
for f in /etc/resolv.conf /etc/hosts; do cp -L "$f" "$sys$f"; done
cp --remove-destination -L /etc/ssl/certs/ca-certificates.crt "$sys/etc/ssl/certs/"
[ ! -d /etc/apt/apt.conf.d ] || cp -r /etc/apt/apt.conf.d/. "$sys/etc/apt/apt.conf.d/"

step "a clean clone and an empty home"
git clone --quiet --no-hardlinks . "$sys/home/stranger/hasta"
mkdir -p "$sys/home/stranger/home"
enter=(chroot "$sys" /usr/bin/env -i HASTA_TOUR=all PATH=/opt/go/bin:/opt/node/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
  HOME=/home/stranger/home LC_ALL=C.UTF-8)
for name in HTTP_PROXY HTTPS_PROXY NO_PROXY; do [ -z "${!name:-}" ] || enter+=("$name=${!name}"); done
# Whom this machine trusts beside the world's list, at a place that no package writes again.
for name in NODE_EXTRA_CA_CERTS SSL_CERT_FILE; do
  [ -f "${!name:-}" ] || continue
  cp -L "${!name}" "$sys/opt/$name.crt"
  enter+=("$name=/opt/$name.crt")
done
inside() { "${enter[@]}" bash -c "cd /home/stranger/hasta && $1"; }
inside 'go version && node --version && npm --version' || die "Go or Node does not run in the chroot"

# The first two commands of the README, as they stand.
mapfile -t first < <(awk '/^```sh$/{f=1;next} /^```$/{if(f)exit} f' README.md)
[[ ${first[0]} == "make demo"* && ${first[1]} == "make test"* ]] || die "the README does not begin with make demo and make test"

step "${first[0]}"
log=$root/demo.log
# A session of its own, so that Ctrl-C can be pressed on all of it.
env --default-signal=INT setsid "${enter[@]}" bash -c "cd /home/stranger/hasta && ${first[0]}" >"$log" 2>&1 &
session=$!
for _ in $(seq 1800); do
  grep -q Ctrl-C "$log" && break
  kill -0 "$session" 2>/dev/null || { cat "$log" >&2; die "make demo ended"; }
  sleep 1
done
grep -q Ctrl-C "$log" || { kill -- "-$session"; cat "$log" >&2; die "make demo never said where it is"; }
cat "$log"
portal=$(grep -oE 'http://127\.0\.0\.1:[0-9]+/' "$log" | head -1)
answers=0
inside "node -e 'fetch(\"$portal\").then(r => r.text()).then(t => process.exit(t.includes(\"account\") ? 0 : 1))'" || answers=$?
kill -INT -- "-$session"
wait "$session" || true # make tells of the interruption in its own way
[ "$answers" = 0 ] || die "the portal at $portal does not answer"
left=$(find "$sys/tmp" -maxdepth 1 -name 'hasta-demo-*')
[ -z "$left" ] || die "the demo left $left behind"

step "${first[1]}"
inside "${first[1]}"
step "the tour is complete"
