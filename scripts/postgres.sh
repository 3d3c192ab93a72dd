#!/usr/bin/env bash
# Starts a throw-away PostgreSQL for tests and prints its address, or stops it.
#   postgres.sh start FOLDER   (an empty folder; it is given to the user postgres)
#   postgres.sh stop FOLDER
# It trusts everybody on 127.0.0.1 and does not sync: for tests only.
set -euo pipefail
bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1)
folder=$2
as() { # initdb refuses to be root
  if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi
}
case $1 in
  start)
    [ "$(id -u)" != 0 ] || chown postgres "$folder"
    as "$bin/initdb" -D "$folder/data" -U postgres -A trust --locale=C.UTF-8 -E UTF8 >"$folder/initdb.log"
    port=$(/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    as "$bin/pg_ctl" -D "$folder/data" -w -l "$folder/log" \
      -o "-p $port -h 127.0.0.1 -k $folder -c fsync=off -c full_page_writes=off -c synchronous_commit=off -c max_connections=400" start >/dev/null
    echo "postgres://postgres@127.0.0.1:$port/postgres?sslmode=disable"
    ;;
  stop) as "$bin/pg_ctl" -D "$folder/data" -m immediate stop >/dev/null ;;
esac
