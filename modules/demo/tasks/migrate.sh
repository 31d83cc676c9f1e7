#!/bin/sh
# The tables of the demo fleet are a file with their version, packages/schema.
set -euf

fail() {
    printf '{"_error":{"kind":"demo/%s","msg":"%s","details":{}}}\n' "$1" "$2"
    exit 1
}

[ -n "${SEGUE_FLEET_STATE:-}" ] || fail no-fleet "the demo tasks act on the targets of a fleet only"

file="$SEGUE_FLEET_STATE/packages/schema"
mkdir -p "${file%/*}"
previous=$(head -n 1 "$file" 2>/dev/null) || previous=none
echo "$PT_version" >"$file"
printf '{"version":"%s","previous":"%s"}\n' "$PT_version" "$previous"
