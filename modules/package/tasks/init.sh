#!/bin/sh
# Manages one package by the package manager of the machine, or by the state of a target of the embedded fleet.
#
# Fleet: $SEGUE_FLEET_STATE/packages/<name> holds the installed version, repository/<name> the newest there is.

action=$PT_action
name=$PT_name
wanted=${PT_version:-}
manager=${PT_manager:-}
# An Optional that is not given comes as null.
if [ "$wanted" = null ]; then wanted=''; fi
if [ "$manager" = null ]; then manager=''; fi
DEBIAN_FRONTEND=noninteractive
export DEBIAN_FRONTEND

json() {
  case $1 in
    *[\"\\[:cntrl:]]*) printf '%s' "$1" | tr '\n\t' '  ' | tr -d '[:cntrl:]' | sed 's/[\\"]/\\&/g' ;;
    *) printf '%s' "$1" ;;
  esac
}

fail() { # kind, message
  printf '{"name":"%s","_error":{"kind":"package/%s","msg":"%s","details":{}}}\n' \
    "$(json "$name")" "$1" "$(json "$2")"
  exit 1
}

case $name in
  -* | */* | .*) fail name "\`$name\` is no name of a package" ;;
esac

if [ -n "${SEGUE_FLEET_STATE:-}" ]; then
  manager=fleet
elif [ -z "$manager" ]; then
  for one in apt-get dnf yum zypper apk; do
    if command -v "$one" >/dev/null 2>&1; then
      manager=${one%-get}
      break
    fi
  done
fi

# Sets version; empty if it is not installed.
look() {
  case $manager in
    fleet)
      version=''
      if [ -r "$SEGUE_FLEET_STATE/packages/$name" ]; then read -r version _ <"$SEGUE_FLEET_STATE/packages/$name"; fi
      ;;
    apt)
      # shellcheck disable=SC2016
      version=$(dpkg-query --show --showformat='${db:Status-Status} ${Version}\n' -- "$name" 2>/dev/null |
        sed -n 's/^installed //p' | head -n 1)
      ;;
    dnf | yum | zypper)
      version=$(rpm --query --queryformat '%{VERSION}-%{RELEASE} ' -- "$name" 2>/dev/null) || version=''
      # Of several, as kernels are, the newest stands last.
      version=${version% }
      version=${version##* }
      ;;
    apk)
      version=$(apk info --installed --verbose 2>/dev/null | sed -n "s/^$name-\([0-9][^ ]*\).*/\1/p" | head -n 1)
      ;;
    *) fail no-manager "this machine has neither apt, dnf, yum, zypper nor apk" ;;
  esac
}

# Does what it is told; the words of the package manager are in $said.
act() {
  case $manager:$1 in
    fleet:uninstall)
      rm -f "$SEGUE_FLEET_STATE/packages/$name" "$SEGUE_FLEET_STATE/services/$name"
      ;;
    fleet:*)
      new=$wanted
      if [ -z "$new" ] && [ -r "$SEGUE_FLEET_STATE/repository/$name" ]; then
        read -r new _ <"$SEGUE_FLEET_STATE/repository/$name"
      fi
      mkdir -p "$SEGUE_FLEET_STATE/packages" "$SEGUE_FLEET_STATE/services" &&
        printf '%s\n' "${new:-${version:-1.0.0}}" >"$SEGUE_FLEET_STATE/packages/$name" || return
      if [ ! -e "$SEGUE_FLEET_STATE/services/$name" ]; then
        printf 'stopped enabled\n' >"$SEGUE_FLEET_STATE/services/$name"
      fi
      ;;
    apt:uninstall) said=$(apt-get --yes --quiet remove -- "$name" 2>&1 </dev/null) ;;
    apt:*)
      said=$(apt-get --yes --quiet --allow-downgrades -o Dpkg::Options::=--force-confold \
        -o Dpkg::Options::=--force-confdef install -- "$name${wanted:+=$wanted}" 2>&1 </dev/null)
      ;;
    dnf:uninstall | yum:uninstall) said=$("$manager" -y remove "$name" 2>&1 </dev/null) ;;
    dnf:upgrade | yum:upgrade)
      said=$("$manager" -y upgrade "$name${wanted:+-$wanted}" 2>&1 </dev/null)
      ;;
    dnf:* | yum:*) said=$("$manager" -y install "$name${wanted:+-$wanted}" 2>&1 </dev/null) ;;
    zypper:uninstall) said=$(zypper --non-interactive remove "$name" 2>&1 </dev/null) ;;
    zypper:upgrade)
      said=$(zypper --non-interactive install --oldpackage "$name${wanted:+=$wanted}" 2>&1 </dev/null)
      ;;
    zypper:*) said=$(zypper --non-interactive install "$name${wanted:+=$wanted}" 2>&1 </dev/null) ;;
    apk:uninstall) said=$(apk del "$name" 2>&1 </dev/null) ;;
    apk:upgrade) said=$(apk add --upgrade "$name${wanted:+=$wanted}" 2>&1 </dev/null) ;;
    apk:*) said=$(apk add "$name${wanted:+=$wanted}" 2>&1 </dev/null) ;;
  esac
}

said=''
look
before=$version

needed=true
case $action in
  status) needed=false ;;
  uninstall) if [ -z "$version" ]; then needed=false; fi ;;
  install) if [ -n "$version" ] && { [ -z "$wanted" ] || [ "$wanted" = "$version" ]; }; then needed=false; fi ;;
  upgrade)
    if [ -z "$version" ]; then fail missing "the package \`$name\` is not installed, so it can't be upgraded"; fi
    if [ "$wanted" = "$version" ]; then needed=false; fi
    ;;
esac

changed=$needed
if [ "$needed" = true ] && [ "${PT__noop:-}" != true ]; then
  act "$action" || fail "$action" "\`$action\` failed for the package \`$name\`: $(printf '%s\n' "$said" | tail -n 3)"
  look
  if [ "$version" = "$before" ]; then changed=false; fi
fi

status=installed
if [ -z "$version" ]; then status=uninstalled; fi
printf '{"name":"%s","status":"%s"' "$(json "$name")" "$status"
if [ -n "$version" ]; then printf ',"version":"%s"' "$(json "$version")"; fi
if [ -n "$before" ] && [ "$before" != "$version" ]; then printf ',"previous":"%s"' "$(json "$before")"; fi
if [ "${PT__noop:-}" = true ]; then printf ',"noop":true'; fi
printf ',"changed":%s}\n' "$changed"
