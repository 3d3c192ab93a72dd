#!/usr/bin/env bash
# Starts a throw-away PostgreSQL for tests and prints its address, or stops it.
#   postgres.sh start FOLDER [durable]   (an empty folder; it is given to the user postgres)
#   postgres.sh restart FOLDER           (as a crash does)
#   postgres.sh stop FOLDER
#   postgres.sh run FOLDER               (in the foreground; it asks everybody for a password, the
#                                         user postgres for HASTA_POSTGRES_PASSWORD, and ends with whoever started it)
# Started, it trusts everybody on 127.0.0.1 and, unless durable, does not sync: for tests only.
set -euo pipefail
bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1)
folder=$2
as() { # initdb refuses to be root
  if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi
}
port() { /usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
case $1 in
  start)
    [ "$(id -u)" != 0 ] || chown postgres "$folder"
    sync="-c fsync=off -c full_page_writes=off -c synchronous_commit=off -c wal_level=minimal -c max_wal_senders=0 -c autovacuum=off -c jit=off"
    [ "${3:-}" != durable ] || sync="-c shared_buffers=512MB -c max_wal_size=2GB"
    as "$bin/initdb" -D "$folder/data" -U postgres -A trust --locale=C.UTF-8 -E UTF8 >"$folder/initdb.log"
    port=$(port)
    as "$bin/pg_ctl" -D "$folder/data" -w -l "$folder/log" \
      -o "-p $port -h 127.0.0.1 -k $folder $sync -c max_connections=400" start >/dev/null
    echo "postgres://postgres@127.0.0.1:$port/postgres?sslmode=disable"
    ;;
  run)
    (umask 077; printf %s "${HASTA_POSTGRES_PASSWORD:?is not set}" >"$folder/password")
    [ "$(id -u)" != 0 ] || chown -R postgres "$folder"
    as "$bin/initdb" -D "$folder/data" -U postgres -A scram-sha-256 --pwfile "$folder/password" --locale=C.UTF-8 -E UTF8 >"$folder/initdb.log"
    port=$(port)
    echo "postgres://postgres:$HASTA_POSTGRES_PASSWORD@127.0.0.1:$port/postgres?sslmode=disable"
    exec >>"$folder/initdb.log" 2>&1
    who=()
    [ "$(id -u)" != 0 ] || who=(--reuid=postgres --regid=postgres --init-groups)
    # Whoever changes the user is forgotten as the one to end with: it is said again.
    exec setpriv "${who[@]}" --pdeathsig KILL "$bin/postgres" -D "$folder/data" -p "$port" -h 127.0.0.1 -k "$folder" -c fsync=off
    ;;
  restart) as "$bin/pg_ctl" -D "$folder/data" -w -m immediate -l "$folder/log" restart >/dev/null ;;
  stop) as "$bin/pg_ctl" -D "$folder/data" -m immediate stop >/dev/null ;;
esac
