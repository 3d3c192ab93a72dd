#!/usr/bin/env bash
# Tests under the race detector, on the databases that HASTA_TEST_POSTGRES gives.
#   race.sh        everything but the browser
#   race.sh fast   what shares memory between goroutines: what CI has time for
set -euo pipefail
cd "$(dirname "$0")/.."
export HASTA_E2E=0
# Not instrumented: SQLite, which is C made Go and holds no race of ours, and
# the hash of passwords. That halves the time.
race() { go test -race -gcflags='modernc.org/...=-race=false' -gcflags='golang.org/x/crypto/...=-race=false' -timeout 40m "$@"; }
case ${1:-} in
  fast)
    # The store beside all else: while one is linked, the other waits for timers.
    # Each is waited for, whatever the others said: nothing is left running.
    failed=0
    race ./internal/store/... &
    store=$!
    # What is ours to race is the same on both databases above the store. The
    # long tests that kill workers in each window race what the others do; the
    # use cases and the portal keep nothing between two requests, and the API only
    # how fast a key asks. All of them alone, with make race.
    HASTA_TEST_POSTGRES='' HASTA_REQUIRE_POSTGRES=0 race -skip '^Test(Killed|WithoutTheFence)' \
      ./internal/engine/... ./internal/web ./internal/web/hooks || failed=1
    HASTA_TEST_POSTGRES='' HASTA_REQUIRE_POSTGRES=0 race -run TooFast ./internal/web/api || failed=1
    wait "$store" || failed=1
    exit "$failed"
    ;;
  *) race ./... ;;
esac
