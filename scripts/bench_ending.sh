#!/usr/bin/env bash
# A tariff that ends for many at once, on both databases (PostgreSQL syncs),
# beside departures that people register by hand in the same run.
#   bench_ending.sh [ENDINGS]
set -euo pipefail
cd "$(dirname "$0")/.."
temp=$(mktemp -d)
chmod 755 "$temp"
pg=$temp/pg
mkdir "$pg"
trap '[ ! -f "$pg/data/postmaster.pid" ] || scripts/postgres.sh stop "$pg"; rm -rf "$temp"' EXIT
HASTA_BENCH_POSTGRES=$(scripts/postgres.sh start "$pg" durable)
export HASTA_BENCH_POSTGRES HASTA_BENCH_ENDINGS=${1:-5000}
go test -run '^$' -bench Ending -benchtime 1x -timeout 30m ./cmd/hasta
