#!/bin/sh
# Checks that an HTTP server answers with the right status.
#
# Fleet: ports/<port> names the service behind a port; without it, every service of the target is asked.
# A service that runs answers 200, one that does not answers nothing.

url=${PT_url:-}
if [ "$url" = null ]; then url=''; fi
port=${PT_port:-80}
if [ -z "$url" ]; then url=http://${PT_host:-localhost}:$port${PT_path:-/}; fi
wanted=${PT_status:-}
if [ "$wanted" = null ]; then wanted=''; fi
timeout=${PT_timeout:-10}
LC_ALL=C
export LC_ALL

json() {
  case $1 in
    *[\"\\[:cntrl:]]*) printf '%s' "$1" | tr '\n\t' '  ' | tr -d '[:cntrl:]' | sed 's/[\\"]/\\&/g' ;;
    *) printf '%s' "$1" ;;
  esac
}

fail() { # kind, message
  printf '{"url":"%s","status":%s,"healthy":false,"_error":{"kind":"http/%s","msg":"%s","details":{}}}\n' \
    "$(json "$url")" "${status:-null}" "$1" "$(json "$2")"
  exit 1
}

status='' said='' version=''
if [ -n "${SEGUE_FLEET_STATE:-}" ]; then
  services=''
  if [ -r "$SEGUE_FLEET_STATE/ports/$port" ]; then
    read -r services <"$SEGUE_FLEET_STATE/ports/$port"
  else
    for file in "$SEGUE_FLEET_STATE"/services/*; do
      if [ -f "$file" ]; then services="$services ${file##*/}"; fi
    done
  fi
  said="nothing listens on port $port"
  for service in $services; do
    words=''
    if [ -r "$SEGUE_FLEET_STATE/services/$service" ]; then read -r words <"$SEGUE_FLEET_STATE/services/$service"; fi
    case " $words " in
      *' running '*)
        if [ "$said" = "nothing listens on port $port" ]; then status=200 said=''; fi
        for word in $words; do
          case $word in running | enabled | disabled) ;; *) version=$word ;; esac
        done
        ;;
      *) status='' said="connection refused: the service $service is stopped" ;;
    esac
  done
elif command -v curl >/dev/null 2>&1; then
  status=$(curl --silent --show-error --output /dev/null --write-out '%{http_code}' --max-time "$timeout" -- "$url" 2>&1) || {
    said=${status%???}
    status=''
  }
elif command -v wget >/dev/null 2>&1; then
  status_of() { printf '%s\n' "$said" | sed -n 's,^ *HTTP/[0-9.]* \([0-9][0-9][0-9]\).*,\1,p' | tail -n 1; }
  said=$(wget --server-response --output-document=/dev/null --timeout="$timeout" --tries=1 -- "$url" 2>&1)
  status=$(status_of)
  case $said in
    # The wget of busybox.
    *'unrecognized option'*) said=$(wget -S -O /dev/null -T "$timeout" "$url" 2>&1) status=$(status_of) ;;
  esac
  if [ -z "$status" ]; then said=$(printf '%s\n' "$said" | tail -n 1); fi
elif command -v python3 >/dev/null 2>&1; then
  status=$(
    python3 - "$url" "$timeout" 2>&1 <<'END'
import sys, urllib.error, urllib.request
try:
    print(urllib.request.urlopen(sys.argv[1], timeout=float(sys.argv[2])).status)
except urllib.error.HTTPError as error:
    print(error.code)
except Exception as error:
    sys.exit(str(error))
END
  ) || {
    said=$status
    status=''
  }
else
  fail no-client "the target has neither curl, wget nor python3"
fi

if [ -z "$status" ]; then fail no-answer "$url does not answer: ${said:-no reason was given}"; fi
case ${wanted:-$status} in
  "$status") ;;
  *) fail wrong-status "$url answers with status $status instead of $wanted" ;;
esac
if [ -z "$wanted" ]; then
  case $status in [23]??) ;; *) fail wrong-status "$url answers with status $status" ;; esac
fi
printf '{"url":"%s","status":%s,"healthy":true' "$(json "$url")" "$status"
if [ -n "$version" ]; then printf ',"version":"%s"' "$(json "$version")"; fi
printf '}\n'
