#!/usr/bin/env bash
# Starts a throw-away PostgreSQL for tests and prints its address, or stops it.
#   postgres.sh start FOLDER [durable]   (an empty folder; it is given to the user postgres)
#   postgres.sh restart FOLDER           (as a crash does)
#   postgres.sh stop FOLDER
# It trusts everybody on 127.0.0.1 and, unless durable, does not sync: for tests only.
set -euo pipefail
bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1)
folder=$2
as() { # initdb refuses to be root
  if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi
}
case $1 in
  start)
    [ "$(id -u)" != 0 ] || chown postgres "$folder"
    sync="-c fsync=off -c full_page_writes=off -c synchronous_commit=off -c wal_level=minimal -c max_wal_senders=0 -c autovacuum=off -c jit=off"
    [ "${3:-}" != durable ] || sync="-c shared_buffers=512MB -c max_wal_size=2GB"
    as "$bin/initdb" -D "$folder/data" -U postgres -A trust --locale=C.UTF-8 -E UTF8 >"$folder/initdb.log"
    port=$(/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    as "$bin/pg_ctl" -D "$folder/data" -w -l "$folder/log" \
      -o "-p $port -h 127.0.0.1 -k $folder $sync -c max_connections=400" start >/dev/null
    echo "postgres://postgres@127.0.0.1:$port/postgres?sslmode=disable"
    ;;
  restart) as "$bin/pg_ctl" -D "$folder/data" -w -m immediate -l "$folder/log" restart >/dev/null ;;
  stop) as "$bin/pg_ctl" -D "$folder/data" -m immediate stop >/dev/null ;;
esac
