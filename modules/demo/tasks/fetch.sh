#!/bin/sh
# Leaves a file in cache/, so that it can be seen that it ran.
set -euf

fail() {
    printf '{"_error":{"kind":"demo/%s","msg":"%s","details":{}}}\n' "$1" "$2"
    exit 1
}

[ -n "${SEGUE_FLEET_STATE:-}" ] || fail no-fleet "the demo tasks act on the targets of a fleet only"

mkdir -p "$SEGUE_FLEET_STATE/cache"
file="$SEGUE_FLEET_STATE/cache/$PT_name-$PT_version"
echo "$PT_name $PT_version" >"$file"
printf '{"path":"%s"}\n' "$file"
