#!/bin/sh
# A service of the demo fleet answers when it runs.
set -euf

fail() {
    printf '{"_error":{"kind":"demo/%s","msg":"%s","details":{}}}\n' "$1" "$2"
    exit 1
}

[ -n "${SEGUE_FLEET_STATE:-}" ] || fail no-fleet "the demo tasks act on the targets of a fleet only"

state=$(head -n 1 "$SEGUE_FLEET_STATE/services/$PT_service" 2>/dev/null) || state=missing
[ "$state" = running ] || fail no-answer "$PT_service is $state"
printf '{"service":"%s","status":"answers"}\n' "$PT_service"
