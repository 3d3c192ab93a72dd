#!/usr/bin/env bash
# Format, vet and lint. The linters are built once per version into a cache
# outside the tree.
set -euo pipefail
cd "$(dirname "$0")/.."
cache=${XDG_CACHE_HOME:-$HOME/.cache}/hasta-tools/$(sha256sum tools/lint/go.sum | cut -c1-16)
mkdir -p "$cache"
tool() { # tool NAME PACKAGE
  if [ ! -x "$cache/$1" ]; then
    echo "building $1"
    (cd tools/lint && CGO_ENABLED=0 go build -o "$cache/$1" "$2")
  fi
}
tool gofumpt mvdan.cc/gofumpt
tool golangci-lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint
bad=$(git ls-files -co --exclude-standard '*.go' | grep -v '_templ\.go$' | xargs "$cache/gofumpt" -l)
if [ -n "$bad" ]; then
  echo "gofumpt would change:" >&2
  echo "$bad" >&2
  exit 1
fi
go vet ./...
"$cache/golangci-lint" run ./...
