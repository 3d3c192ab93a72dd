#!/usr/bin/env bash
# Departures per second, start of works and lateness of timers, on both
# databases (PostgreSQL syncs), beside transactions of one row in the same run.
#   bench_engine.sh [DEPARTURES]
set -euo pipefail
cd "$(dirname "$0")/.."
temp=$(mktemp -d)
chmod 755 "$temp"
pg=$temp/pg
mkdir "$pg"
trap 'scripts/postgres.sh stop "$pg" || true; rm -rf "$temp"' EXIT
HASTA_BENCH_POSTGRES=$(scripts/postgres.sh start "$pg" durable)
export HASTA_BENCH_POSTGRES
go test -run '^$' -bench 'Cases' -benchtime "${1:-1000}x" ./internal/engine
go test -run '^$' -bench 'Start|Timer' -benchtime 200x ./internal/engine
go test -run '^$' -bench 'Claim|Commit' ./internal/store
