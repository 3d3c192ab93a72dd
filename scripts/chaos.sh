#!/usr/bin/env bash
# Kills, full disks, restarts of the database and clocks that jump, under load
# and on both databases, and at every moment of every connector; and two hundred who
# leave while the server, or the database, is gone. Needs root for the full disks (small tmpfs mounts).
#   chaos.sh [KILLS [CASES]]   kills per window and database, over so many departures
set -euo pipefail
cd "$(dirname "$0")/.."
temp=$(mktemp -d)
chmod 755 "$temp"
pg=$temp/pg
mkdir "$pg"
trap 'scripts/postgres.sh stop "$pg" || true; rm -rf "$temp"' EXIT
HASTA_TEST_POSTGRES=$(scripts/postgres.sh start "$pg")
export HASTA_TEST_POSTGRES HASTA_REQUIRE_POSTGRES=1 HASTA_CHAOS=${1:-100} HASTA_CHAOS_CASES=${2:-500}
go test -tags chaos -timeout 150m -v -run 'Killed|Stopped|AskedToEnd|ClockThatJumps|Chaos|Wherever' ./internal/engine | grep -E '^ *(---|ok|FAIL|panic)|chaos:|_test.go'
go test -timeout 30m -v -run NobodyWhoLeavesWhileWeAreDown ./cmd/hasta | grep -E '^ *(---|ok|FAIL|panic)|_test.go'
