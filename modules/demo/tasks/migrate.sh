#!/bin/sh
# Migrates a database: db/schema holds the version of its schema.
# Only for targets of the embedded fleet: it changes their state and nothing else.

fail() { # kind, message
  printf '{"_error":{"kind":"demo/%s","msg":"%s","details":{}}}\n' "$1" "$2"
  exit 1
}

if [ -z "${SEGUE_FLEET_STATE:-}" ]; then
  fail no-fleet "the demo tasks run only on targets of the embedded fleet; a real plan has tasks of its own for this"
fi

# Sets a variable to the first word of a file, or to what stands in for it.
first_word() { # variable, file, otherwise
  word=$3
  if [ -r "$SEGUE_FLEET_STATE/$2" ]; then read -r word _ <"$SEGUE_FLEET_STATE/$2"; fi
  eval "$1=\$word"
}

keep() { # file, word
  mkdir -p "$SEGUE_FLEET_STATE/${1%/*}" && printf '%s\n' "$2" >"$SEGUE_FLEET_STATE/$1.new" &&
    mv "$SEGUE_FLEET_STATE/$1.new" "$SEGUE_FLEET_STATE/$1" || fail state "the state of the fleet can't be written"
}

first_word role db/role primary
first_word schema db/schema none
if [ "$role" != primary ]; then fail not-primary "only a primary can be migrated, and this database is a $role"; fi
changed=false
if [ "$schema" != "$PT_version" ]; then
  keep db/schema "$PT_version"
  changed=true
fi
printf '{"schema":"%s","previous":"%s","changed":%s}\n' "$PT_version" "$schema" "$changed"
