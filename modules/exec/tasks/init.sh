#!/bin/sh
# Runs a command line. What it prints is the result: a JSON object if it is one, else `_output`.

if [ "${PT_fail_on_error:-true}" = false ]; then
  /bin/sh -c "$PT_command"
  exit 0
fi
exec /bin/sh -c "$PT_command"
