#!/bin/sh
# The facts that plans branch on, with Facter's names and families. Only /proc, /etc and the tools of POSIX.

LC_ALL=C
export LC_ALL

json() {
  case $1 in
    *[\"\\[:cntrl:]]*) printf '%s' "$1" | tr '\n\t' '  ' | tr -d '[:cntrl:]' | sed 's/[\\"]/\\&/g' ;;
    *) printf '%s' "$1" ;;
  esac
}

kernel=$(uname -s)
id='' like='' name='' release='' codename=''
if [ -r /etc/os-release ]; then
  eval "$(
    # shellcheck disable=SC1091
    . /etc/os-release
    for pair in "id=$ID" "like=$ID_LIKE" "name=$NAME" "release=$VERSION_ID" "codename=$VERSION_CODENAME"; do
      printf "%s='%s'\n" "${pair%%=*}" "$(printf '%s' "${pair#*=}" | tr -d "'")"
    done
  )"
elif [ "$kernel" = Darwin ]; then
  id=darwin name=macOS release=$(sw_vers -productVersion)
else
  id=$kernel name=$kernel release=$(uname -r)
fi
# Debian writes more into this file than /etc/os-release says.
if [ "$id" = debian ] && [ -r /etc/debian_version ]; then
  read -r full </etc/debian_version
  case $full in [0-9]*) release=$full ;; esac
fi

case " $id $like " in
  *' debian '* | *' ubuntu '*) family=Debian ;;
  *' rhel '* | *' fedora '* | *' centos '*) family=RedHat ;;
  *' suse '* | *' opensuse '* | *' sles '*) family=Suse ;;
  *' alpine '*) family=Alpine ;;
  *' arch '*) family=Archlinux ;;
  *' darwin '*) family=Darwin ;;
  *) family=$name ;;
esac
case $id in
  debian) name=Debian ;;
  ubuntu) name=Ubuntu ;;
  rhel) name=RedHat ;;
  centos) name=CentOS ;;
  fedora) name=Fedora ;;
  rocky) name=Rocky ;;
  almalinux) name=AlmaLinux ;;
  ol) name=OracleLinux ;;
  amzn) name=Amazon ;;
  alpine) name=Alpine ;;
esac
major=${release%%.*}
minor=''
case $release in *.*) minor=${release#*.} minor=${minor%%.*} ;; esac

# A target of the embedded fleet is a machine of its own name.
if [ -n "${SEGUE_FLEET_STATE:-}" ] && [ -r "$SEGUE_FLEET_STATE/hostname" ]; then
  read -r fqdn <"$SEGUE_FLEET_STATE/hostname"
else
  fqdn=$(hostname -f 2>/dev/null || uname -n)
fi
hostname=${fqdn%%.*}
domain=''
case $fqdn in *.*) domain=${fqdn#*.} ;; esac

processors=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
model='' total=0 available=0 uptime=0 load1=0 load5=0 load15=0
if [ -r /proc/cpuinfo ]; then
  while IFS=: read -r key value; do
    case $key in 'model name'*) model=${value# } && break ;; esac
  done </proc/cpuinfo
fi
if [ -r /proc/meminfo ]; then
  # Not every shell counts further than 2^31.
  # shellcheck disable=SC2046
  set -- $(awk '/^MemTotal:/ { t = $2 } /^MemAvailable:/ { a = $2 } END { printf "%.0f %.0f", t * 1024, a * 1024 }' /proc/meminfo)
  total=${1:-0} available=${2:-0}
elif [ "$kernel" = Darwin ]; then
  total=$(sysctl -n hw.memsize)
fi
if [ -r /proc/uptime ]; then
  read -r uptime _ </proc/uptime
  uptime=${uptime%%.*}
fi
if [ -r /proc/loadavg ]; then read -r load1 load5 load15 _ </proc/loadavg; fi

service_provider=none
if [ -d /run/systemd/system ]; then service_provider=systemd
elif command -v rc-service >/dev/null 2>&1; then service_provider=openrc
elif [ -d /etc/init.d ]; then service_provider=sysvinit; fi
package_provider=none
for one in apt-get dnf yum zypper apk; do
  if command -v "$one" >/dev/null 2>&1; then
    package_provider=${one%-get}
    break
  fi
done
virtual=physical
if [ -n "${SEGUE_FLEET_STATE:-}" ]; then virtual=segue-fleet
elif [ -e /.dockerenv ] || [ -e /run/.containerenv ]; then virtual=container
elif grep -q '^flags.* hypervisor' /proc/cpuinfo 2>/dev/null; then virtual=virtual; fi

cat <<END
{
  "os": {
    "family": "$(json "$family")", "name": "$(json "$name")", "codename": "$(json "$codename")",
    "release": { "full": "$(json "$release")", "major": "$(json "$major")", "minor": "$(json "$minor")" },
    "architecture": "$(json "$(uname -m)")"
  },
  "kernel": { "name": "$(json "$kernel")", "release": "$(json "$(uname -r)")" },
  "networking": { "hostname": "$(json "$hostname")", "fqdn": "$(json "$fqdn")", "domain": "$(json "$domain")" },
  "processors": { "count": $processors, "model": "$(json "$model")" },
  "memory": { "total_bytes": $total, "available_bytes": $available },
  "load": { "1m": $load1, "5m": $load5, "15m": $load15 },
  "uptime_seconds": $uptime,
  "service_provider": "$service_provider",
  "package_provider": "$package_provider",
  "virtual": "$virtual",
  "identity": { "user": "$(json "$(id -un 2>/dev/null || id -u)")", "uid": $(id -u) }
}
END
