#!/bin/sh
# The role is the line in roles/database.
set -euf

fail() {
    printf '{"_error":{"kind":"demo/%s","msg":"%s","details":{}}}\n' "$1" "$2"
    exit 1
}

[ -n "${SEGUE_FLEET_STATE:-}" ] || fail no-fleet "the demo tasks act on the targets of a fleet only"

role=$(head -n 1 "$SEGUE_FLEET_STATE/roles/database" 2>/dev/null) || fail no-database "there is no database here"
printf '{"role":"%s"}\n' "$role"
