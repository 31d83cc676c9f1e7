#!/bin/sh
# From here on the database takes writes.
set -euf

fail() {
    printf '{"_error":{"kind":"demo/%s","msg":"%s","details":{}}}\n' "$1" "$2"
    exit 1
}

[ -n "${SEGUE_FLEET_STATE:-}" ] || fail no-fleet "the demo tasks act on the targets of a fleet only"

file="$SEGUE_FLEET_STATE/roles/database"
previous=$(head -n 1 "$file" 2>/dev/null) || fail no-database "there is no database here"
echo primary >"$file"
printf '{"role":"primary","previous":"%s"}\n' "$previous"
