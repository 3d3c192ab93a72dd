#!/usr/bin/env bash
# Format, vet and lint; or, called with the word vulnerabilities, govulncheck. The linters are built once per version into a cache
# outside the tree.
set -euo pipefail
cd "$(dirname "$0")/.."
cache=${XDG_CACHE_HOME:-${HOME:?is not set, and it holds the cache of the linters}/.cache}/hasta-tools/$(sha256sum tools/lint/go.sum | cut -c1-16)
mkdir -p "$cache"
tool() { # tool NAME PACKAGE
  if [ ! -x "$cache/$1" ]; then
    echo "building $1"
    # In place only when whole: two runs at once may build the same tool.
    (cd tools/lint && CGO_ENABLED=0 go build -o "$cache/$1.$$" "$2")
    mv "$cache/$1.$$" "$cache/$1"
  fi
}
if [ "${1:-}" = vulnerabilities ]; then
  tool govulncheck golang.org/x/vuln/cmd/govulncheck
  exec "$cache/govulncheck" ./...
fi
tool gofumpt mvdan.cc/gofumpt
tool golangci-lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint
# Not by git: an unpacked archive has none.
bad=$(find . -name node_modules -prune -o -name '*.go' ! -name '*_templ.go' -print0 | xargs -0 "$cache/gofumpt" -l)
if [ -n "$bad" ]; then
  echo "gofumpt would change:" >&2
  echo "$bad" >&2
  exit 1
fi
go vet ./...
(cd tools && go vet ./assets)
"$cache/golangci-lint" run ./...
