#!/usr/bin/env bash
# Says what is missing before anything is built.
set -euo pipefail
need() { echo "hasta: $1" >&2; exit 1; }
command -v go >/dev/null || need "Go 1.26 or newer is not on PATH. See https://go.dev/dl"
have=$(go env GOVERSION | sed -E 's/^go([0-9]+)\.([0-9]+).*/\1 \2/')
read -r major minor <<<"$have"
[ "$major" -gt 1 ] || [ "$minor" -ge 26 ] || need "Go 1.26 or newer is needed, and this is $(go env GOVERSION)"
