#!/bin/sh
# Fetches an artifact: artifacts/<name>-<version> is the file that comes of it.
# Only for targets of the embedded fleet: it changes their state and nothing else.

fail() { # kind, message
  printf '{"_error":{"kind":"demo/%s","msg":"%s","details":{}}}\n' "$1" "$2"
  exit 1
}

if [ -z "${SEGUE_FLEET_STATE:-}" ]; then
  fail no-fleet "the demo tasks run only on targets of the embedded fleet; a real plan has tasks of its own for this"
fi

path=$SEGUE_FLEET_STATE/artifacts/$PT_name-$PT_version
changed=false
if [ ! -e "$path" ]; then
  mkdir -p "${path%/*}" && printf '%s %s\n' "$PT_name" "$PT_version" >"$path" ||
    fail state "the state of the fleet can't be written"
  # What a package manager would find from now on.
  mkdir -p "$SEGUE_FLEET_STATE/repository" && printf '%s\n' "$PT_version" >"$SEGUE_FLEET_STATE/repository/$PT_name"
  changed=true
fi
printf '{"path":"/artifacts/%s-%s","version":"%s","changed":%s}\n' "$PT_name" "$PT_version" "$PT_version" "$changed"
