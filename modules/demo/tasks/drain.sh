#!/bin/sh
# Takes targets out of the balancer: balancer/drained/<node> is a file for each.
# Only for targets of the embedded fleet: it changes their state and nothing else.

fail() { # kind, message
  printf '{"_error":{"kind":"demo/%s","msg":"%s","details":{}}}\n' "$1" "$2"
  exit 1
}

if [ -z "${SEGUE_FLEET_STATE:-}" ]; then
  fail no-fleet "the demo tasks run only on targets of the embedded fleet; a real plan has tasks of its own for this"
fi

# ["a","b"] to words. Names of targets have no blanks, commas or quotes.
words() { printf '%s' "$1" | tr -d '[]"\n' | tr ',' ' '; }

# Words to ["a","b"].
list() {
  text=''
  for word in $1; do text="$text,\"$word\""; done
  printf '[%s]' "${text#,}"
}

pool=$SEGUE_FLEET_STATE/balancer/drained
mkdir -p "$pool" || fail state "the state of the fleet can't be written"
changed=false
for node in $(words "$PT_nodes"); do
  if [ ! -e "$pool/$node" ]; then
    : >"$pool/$node" || fail state "the state of the fleet can't be written"
    changed=true
  fi
done

drained=''
for file in "$pool"/*; do
  if [ -f "$file" ]; then drained="$drained ${file##*/}"; fi
done
printf '{"drained":%s,"changed":%s}\n' "$(list "$drained")" "$changed"
