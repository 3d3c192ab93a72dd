#!/usr/bin/env bash
# An import beside a running server on both databases (PostgreSQL syncs), and
# bare batched inserts of as many rows beside it.
#   bench_import.sh HASTA [ROWS]
set -euo pipefail
cd "$(dirname "$0")/.."
rows=${2:-1000000}
temp=$(mktemp -d)
chmod 755 "$temp"
pg=$temp/pg
mkdir "$pg"
trap 'scripts/postgres.sh stop "$pg" || true; rm -rf "$temp"' EXIT
HASTA_BENCH_POSTGRES=$(scripts/postgres.sh start "$pg" durable)
export HASTA_BENCH_POSTGRES
go test -run '^$' -bench BareInsert -benchtime "${rows}x" ./internal/store
echo "SQLite"; scripts/bench_import.py "$1" "$rows"
echo "PostgreSQL"; scripts/bench_import.py "$1" "$rows" "$HASTA_BENCH_POSTGRES"
