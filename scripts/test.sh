#!/usr/bin/env bash
# All tests, on both databases and in a browser. Leaves nothing running and
# nothing on disk but caches.
set -euo pipefail
cd "$(dirname "$0")/.."
# Thousands of small databases come and go: in memory, where there is enough.
memory=/dev/shm
[ -w "$memory" ] && [ "$(df --output=avail -k "$memory" 2>/dev/null | tail -1)" -gt 6000000 ] || memory=${TMPDIR:-/tmp}
temp=$(mktemp -d -p "$memory")
home=
chmod 755 "$temp" # PostgreSQL runs as another user
pg=$temp/pg
cleanup() {
  status=$?
  set +e # whatever fails here, the rest is still removed
  [ -f "$pg/data/postmaster.pid" ] && scripts/postgres.sh stop "$pg"
  chmod -R u+w "$temp" ${home:+"$home"} # Go makes its module cache read-only
  rm -rf "$temp" ${home:+"$home"}
  exit "$status"
}
trap cleanup EXIT
if [ -z "${HOME:-}" ] || ! { mkdir -p "$HOME" 2>/dev/null && [ -w "$HOME" ]; }; then
  home=$(mktemp -d)
  export HOME=$home
fi

# Built the same wherever the checkout lies: what was built before serves again.
# As the release is, too; the race detector alone needs C. Without symbols for a
# debugger a program is linked in half the time, and there are dozens; and what
# lives for seconds collects less of its garbage.
export GOFLAGS="${GOFLAGS:-} -trimpath -ldflags=-s" CGO_ENABLED=0 GOGC=800
mkdir "$temp/tmp"
export GOTMPDIR=${GOTMPDIR:-${TMPDIR:-/tmp}} TMPDIR=$temp/tmp
began=$SECONDS
step() { echo "== $* (after $((SECONDS - began)) s)"; }
step provision; scripts/provision.sh
step assets; make --no-print-directory assets
step lint; scripts/lint.sh
step postgres
mkdir "$pg"
HASTA_TEST_POSTGRES=$(scripts/postgres.sh start "$pg")
export HASTA_TEST_POSTGRES HASTA_REQUIRE_POSTGRES=1 HASTA_E2E=1
export CHROMIUM=${CHROMIUM:-$(command -v chromium-headless-shell)}
[ -d ../shared/data ] && export HASTA_SHARED=require
step tests
# Most of a test is waiting for letters and timers: more of them at once than
# cores. The longest packages first, so that none is left alone at the end while
# the cores have nothing to do. The lint step has vetted it.
go test -vet=off -timeout 30m -p 2 -parallel 3 ./e2e ./cmd/hasta ./internal/engine ./internal/app ./internal/store ./...
step tests under the race detector
CGO_ENABLED=1 scripts/race.sh fast
