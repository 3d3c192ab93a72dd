#!/usr/bin/env bash
# Has a bundle judged by bagit.py of the Library of Congress, which we neither wrote
# nor ship: unpacks it into a folder of its own, and takes that away afterwards. For
# whoever has bagit.py:
#   scripts/live_bagit.sh BUNDLE.zip
set -euo pipefail
bundle="${1:-}"
if [ ! -f "$bundle" ]; then
  echo "hasta: say which bundle: make live-bagit BUNDLE=what-they-took.zip" >&2
  exit 2
fi
command -v unzip >/dev/null || { echo "hasta: unzip is missing: apt-get install unzip" >&2; exit 2; }
if command -v python3 >/dev/null && python3 -c 'import bagit' 2>/dev/null; then
  validate=(python3 -m bagit --validate)
elif command -v bagit.py >/dev/null; then
  validate=(bagit.py --validate)
else
  echo "hasta: bagit.py is missing. Install it, for instance in a virtual environment: pip install bagit==1.9.0" >&2
  echo "hasta: without it, node peers/bagit.mjs FOLDER judges an unpacked bundle by RFC 8493." >&2
  exit 2
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
unzip -q "$bundle" -d "$folder"
found=0
for bag in "$folder"/*/; do
  [ -f "$bag/bagit.txt" ] || continue
  found=$((found + 1))
  "${validate[@]}" "$bag"
done
if [ "$found" -eq 0 ]; then
  echo "hasta: $bundle has no bag: no folder in it has a bagit.txt" >&2
  exit 1
fi
