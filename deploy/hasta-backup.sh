#!/bin/sh
# The daily backup: make one, really restore it, and only then let the oldest go.
# What fails is told by the exit status; hasta doctor tells when it is too old.
set -eu
folder=${1:?usage: hasta-backup.sh FOLDER [HOW MANY TO KEEP]}
keep=${2:-30}
umask 077
mkdir -p "$folder"
file=$folder/$(date -u +%Y%m%dT%H%M%SZ).hasta
hasta backup "$file"
hasta backup verify "$file"
ls -1 "$folder"/*.hasta | sort -r | tail -n +"$((keep + 1))" | while read -r old; do rm -f "$old"; done
