#!/bin/sh
# Breaks or mends a service: the word `broken` in services/<name>, which the task `service` minds.
# Only for targets of the embedded fleet: it changes their state and nothing else.

fail() { # kind, message
  printf '{"_error":{"kind":"demo/%s","msg":"%s","details":{}}}\n' "$1" "$2"
  exit 1
}

if [ -z "${SEGUE_FLEET_STATE:-}" ]; then
  fail no-fleet "the demo tasks run only on targets of the embedded fleet; a real plan has tasks of its own for this"
fi

file=$SEGUE_FLEET_STATE/services/$PT_service
if [ ! -r "$file" ]; then fail unknown "there is no service $PT_service"; fi
kept=''
for word in $(cat "$file"); do
  if [ "$word" != broken ]; then kept="$kept $word"; fi
done
broken=false
if [ "$PT_mend" != true ]; then kept="$kept broken" broken=true; fi
# shellcheck disable=SC2086 # a word a line
printf '%s\n' $kept >"$file" || fail state "the state of the fleet can't be written"
printf '{"service":"%s","broken":%s}\n' "$PT_service" "$broken"
