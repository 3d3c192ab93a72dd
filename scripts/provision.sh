#!/usr/bin/env bash
# Installs what the tests need and is not here: Debian packages by their names,
# as root. Elsewhere it says what is missing and stops. With the word systems,
# only what make demo-systems needs: the far systems that it starts.
set -euo pipefail
cd "$(dirname "$0")/.."
packages=() only=${1:-}
want() { # want TEST PACKAGE
  eval "$1" >/dev/null 2>&1 || packages+=("$2")
}
want 'ls /usr/lib/postgresql/*/bin/postgres' postgresql
want 'command -v psql' postgresql-client
want 'test -x /usr/sbin/slapd' slapd
want 'command -v runuser && command -v setpriv' util-linux
want 'command -v curl' curl
want 'command -v python3' python3
if [ "$only" != systems ]; then
  want 'command -v chromium-headless-shell' chromium-headless-shell
  want 'command -v unzip' unzip
  want '/usr/bin/python3 -c "import aiosmtpd"' python3-aiosmtpd
  want 'command -v pdftotext' poppler-utils
  want 'command -v soffice' libreoffice-calc
  want 'command -v gcc' gcc
  want 'ls /usr/include/errno.h' libc6-dev
  want 'command -v jq' jq
  want 'ls /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf' fonts-dejavu-core
fi
if [ ${#packages[@]} -gt 0 ]; then
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    who="the tests need"
    [ "$only" != systems ] || who="make demo-systems needs"
    echo "hasta: $who these Debian packages (or their like): ${packages[*]}" >&2
    exit 1
  fi
  echo "installing ${packages[*]}"
  export DEBIAN_FRONTEND=noninteractive
  # Tests start a directory of their own: the package must start none.
  case " ${packages[*]} " in *' slapd '*) echo 'slapd slapd/no_configuration boolean true' | debconf-set-selections ;; esac
  apt-get update -qq </dev/null
  apt-get install -y -qq --no-install-recommends "${packages[@]}" </dev/null >/dev/null
fi
command -v node >/dev/null || { echo "hasta: Node 20 or newer is not on PATH" >&2; exit 1; }
[ "$(node -p 'process.versions.node.split(".")[0]')" -ge 20 ] || { echo "hasta: Node 20 or newer is needed, and this is $(node -v)" >&2; exit 1; }
# npm keeps a copy of the lock beside what it installed: another one means that
# versions have changed.
axe() { sed -n '/"node_modules\/axe-core"/,/}/s/.*"integrity": //p' "$1" 2>/dev/null; }
if [ "$only" != systems ] && { [ ! -f web/node_modules/axe-core/axe.min.js ] || [ "$(axe web/package-lock.json)" != "$(axe web/node_modules/.package-lock.json)" ]; }; then
  (cd web && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
fi
if ! cmp -s peers/package-lock.json peers/node_modules/.lock-of-hasta; then
  echo "installing the far systems that run on Node into peers/node_modules, once: about a minute"
  (cd peers && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error && cp package-lock.json node_modules/.lock-of-hasta)
fi
# Programs of others, built once per version into a cache outside the tree.
cache=${XDG_CACHE_HOME:-${HOME:?is not set, and it holds the cache of what is built}/.cache}/hasta-tools
built() { # built FOLDER NAME PACKAGE
  local there
  there=$cache/$(sha256sum "tools/$1/go.sum" | cut -c1-16)
  [ -x "$there/$2" ] && return
  echo "building $2 from its sources into $there, once: this takes some minutes and prints nothing meanwhile"
  mkdir -p "$there"
  # In place only when whole: two runs at once may build it.
  (cd "tools/$1" && CGO_ENABLED=0 go build -o "$there/$2.$$" "$3")
  mv "$there/$2.$$" "$there/$2"
}
[ "$only" = systems ] || built stripe stripe-mock github.com/stripe/stripe-mock # what Stripe publishes of the shapes of its API
built peers versitygw github.com/versity/versitygw/cmd/versitygw # a store that speaks S3
