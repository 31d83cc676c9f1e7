#!/bin/sh
# drain and enable: a balancer of the demo fleet has a file for each machine in pool/, which says `in` or `out`.
set -euf

fail() {
    printf '{"_error":{"kind":"demo/%s","msg":"%s","details":{}}}\n' "$1" "$2"
    exit 1
}

[ -n "${SEGUE_FLEET_STATE:-}" ] || fail no-fleet "the demo tasks act on the targets of a fleet only"

case ${PT__task:-} in
*::drain) place=out ;;
*::enable) place=in ;;
*) fail unknown-task "this file is neither drain nor enable" ;;
esac

# A list comes as JSON. The names of a fleet have none of the characters that would make this wrong.
nodes=$(printf '%s' "$PT_nodes" | tr -d '[]" \n' | tr ',' ' ')
for node in $nodes; do
    file="$SEGUE_FLEET_STATE/pool/$node"
    case $node in
    *[!A-Za-z0-9._-]* | .*) fail unknown-node "one of the nodes is no name of a machine" ;;
    esac
    [ -f "$file" ] || fail unknown-node "$node is not in the pool"
done
for node in $nodes; do
    echo "$place" >"$SEGUE_FLEET_STATE/pool/$node"
done
printf '{"pool":"%s","nodes":%s}\n' "$place" "$PT_nodes"
