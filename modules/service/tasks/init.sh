#!/bin/sh
# Manages one service by the init system of the machine, or by the state of a target of the embedded fleet.
#
# Fleet: $SEGUE_FLEET_STATE/services/<name> holds a word a line: running or stopped; enabled or disabled; broken, if it
# can't be started; and the version that runs. packages/<name> holds the version that is installed.

action=$PT_action
name=$PT_name

json() {
  case $1 in
    *[\"\\[:cntrl:]]*) printf '%s' "$1" | tr '\n\t' '  ' | tr -d '[:cntrl:]' | sed 's/[\\"]/\\&/g' ;;
    *) printf '%s' "$1" ;;
  esac
}

fail() { # kind, message
  printf '{"name":"%s","_error":{"kind":"service/%s","msg":"%s","details":{}}}\n' \
    "$(json "$name")" "$1" "$(json "$2")"
  exit 1
}

case $name in
  */* | -* | .*) fail name "\`$name\` is no name of a service" ;;
esac

# Each init system has three functions: `look` sets state (running, stopped, missing) and enabled (true, false,
# null); `act` does what it is told and puts its words into $said; `log` prints the last words of the service.

if [ -n "${SEGUE_FLEET_STATE:-}" ]; then
  file=$SEGUE_FLEET_STATE/services/$name
  look() {
    state=missing enabled=null version='' broken=''
    [ -r "$file" ] || return 0
    state=stopped enabled=true
    # A word a line; the first is what the fleet watches.
    for word in $(cat "$file"); do
      case $word in
        running | stopped) state=$word ;;
        enabled) enabled=true ;;
        disabled) enabled=false ;;
        broken) broken=broken ;;
        *) version=$word ;;
      esac
    done
  }
  act() {
    case $1 in
      start | restart | reload)
        if [ -n "$broken" ]; then
          state=stopped said="the process exited with code 1"
        else
          state=running
          if [ -r "$SEGUE_FLEET_STATE/packages/$name" ]; then
            read -r version _ <"$SEGUE_FLEET_STATE/packages/$name"
          fi
        fi
        ;;
      stop) state=stopped ;;
      enable) enabled=true ;;
      disable) enabled=false ;;
    esac
    word=enabled
    if [ "$enabled" = false ]; then word=disabled; fi
    # shellcheck disable=SC2086 # those that are empty have no line
    printf '%s\n' "$state" "$word" $version $broken >"$file.new" && mv "$file.new" "$file" && [ -z "$said" ]
  }
  log() { :; }
elif [ -d /run/systemd/system ]; then
  look() {
    state=stopped enabled=null
    case $(systemctl show --property=LoadState --value -- "$name" 2>/dev/null) in
      not-found | '') state=missing ;;
    esac
    if systemctl is-active --quiet -- "$name"; then state=running; fi
    case $(systemctl is-enabled -- "$name" 2>/dev/null) in
      enabled* | alias | static | generated | indirect) enabled=true ;;
      disabled | masked*) enabled=false ;;
    esac
  }
  act() { said=$(systemctl "$1" -- "$name" 2>&1); }
  log() { journalctl --unit "$name" --lines 5 --no-pager --output cat 2>/dev/null; }
elif command -v rc-service >/dev/null 2>&1; then
  look() {
    state=stopped enabled=false
    rc-service --exists "$name" || state=missing
    if rc-service "$name" status >/dev/null 2>&1; then state=running; fi
    if rc-update show default 2>/dev/null | grep -q "^ *$name |"; then enabled=true; fi
  }
  act() {
    case $1 in
      enable) said=$(rc-update add "$name" default 2>&1) ;;
      disable) said=$(rc-update del "$name" default 2>&1) ;;
      *) said=$(rc-service "$name" "$1" 2>&1) ;;
    esac
  }
  log() { :; }
elif [ -d /etc/init.d ]; then
  look() {
    state=stopped enabled=false
    [ -x "/etc/init.d/$name" ] || state=missing
    if [ "$state" != missing ] && "/etc/init.d/$name" status >/dev/null 2>&1 </dev/null; then state=running; fi
    for link in /etc/rc[2345].d/S[0-9][0-9]"$name" /etc/rc.d/rc[2345].d/S[0-9][0-9]"$name"; do
      if [ -e "$link" ]; then enabled=true; fi
    done
  }
  act() {
    case $1 in
      enable)
        if command -v update-rc.d >/dev/null 2>&1; then said=$(update-rc.d "$name" enable 2>&1)
        else said=$(chkconfig "$name" on 2>&1); fi
        ;;
      disable)
        if command -v update-rc.d >/dev/null 2>&1; then said=$(update-rc.d "$name" disable 2>&1)
        else said=$(chkconfig "$name" off 2>&1); fi
        ;;
      # A daemon must not keep the task waiting for its output.
      *) said=$("/etc/init.d/$name" "$1" 2>&1 </dev/null) ;;
    esac
  }
  log() { :; }
else
  fail no-init "this machine has neither systemd, OpenRC nor SysV init"
fi

said=''
look
if [ "$state" = missing ]; then fail unknown "there is no service \`$name\`"; fi

changed=true
case $action:$state:$enabled in
  start:running:* | stop:stopped:* | enable:*:true | disable:*:false | status:*) changed=false ;;
esac

if [ "$changed" = true ] && [ "${PT__noop:-}" != true ]; then
  act "$action" || {
    look
    fail "$action" "\`$action\` failed for the service \`$name\`: ${said:-no reason was given}"
  }
  look
  case $action:$state in
    start:stopped | restart:stopped)
      fail "$action" "the service \`$name\` did not stay up: $(log)"
      ;;
  esac
fi

printf '{"name":"%s","status":"%s","enabled":%s,"changed":%s' "$(json "$name")" "$state" "$enabled" "$changed"
if [ -n "${version:-}" ]; then printf ',"version":"%s"' "$(json "$version")"; fi
if [ "${PT__noop:-}" = true ]; then printf ',"noop":true'; fi
printf '}\n'
