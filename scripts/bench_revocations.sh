#!/usr/bin/env bash
# Accesses closed at a system that takes 50 ms for every answer, on both
# databases (PostgreSQL syncs), beside what the calls alone take in the same run.
#   bench_revocations.sh [ACCESSES]
set -euo pipefail
cd "$(dirname "$0")/.."
temp=$(mktemp -d)
chmod 755 "$temp"
pg=$temp/pg
mkdir "$pg"
trap '[ ! -f "$pg/data/postmaster.pid" ] || scripts/postgres.sh stop "$pg"; rm -rf "$temp"' EXIT
HASTA_BENCH_POSTGRES=$(scripts/postgres.sh start "$pg" durable)
export HASTA_BENCH_POSTGRES
go test -run '^$' -bench Revocations -benchtime "${1:-10000}x" -timeout 60m ./internal/engine
