#!/usr/bin/env bash
# Runs the File Upload API page from top to bottom: on a fresh data folder, on
# the ports that the page names, with the real clients and a real S3 server.
# Prints each command and what it really printed, and fails if any output is
# not the page's, but for the upload's id.
set -euo pipefail

wharf=$(realpath "${1:?usage: demo.sh WHARF}")
cd "$(dirname "$0")/testdata"
work=$(mktemp -d)
pids=()
wrong=0

finish() {
  for pid in "${pids[@]}"; do
    kill "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
  rm -rf "$work"
}
trap finish EXIT

die() {
  echo "demo: $*" >&2
  exit 1
}

in_use() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# awaits PORT PID LOG: until the process serves the port.
await() {
  for _ in $(seq 300); do
    in_use "$1" && return
    kill -0 "$2" 2>/dev/null || break
    sleep 0.1
  done
  cat "$3" >&2
  die "nothing serves port $1"
}

for port in 3307 8000; do
  if in_use "$port"; then die "port $port is in use: the page's commands name it, so the demo needs it free"; fi
done
s3_port=9100
while in_use "$s3_port"; do s3_port=$((s3_port + 1)); done

mkdir -p "$work/s3/testbucket"
ROOT_ACCESS_KEY=minioadmin ROOT_SECRET_KEY=minioadmin versitygw --port "127.0.0.1:$s3_port" --keep-alive --quiet \
  --virtual-domain s3.localhost posix "$work/s3" >"$work/s3.log" 2>&1 &
pids+=($!)
await "$s3_port" $! "$work/s3.log"

AWS_ENDPOINT_URL_S3="http://127.0.0.1:$s3_port" "$wharf" serve --data-dir "$work/data" >"$work/ready" 2>"$work/wharf.log" &
pids+=($!)
await 8000 $! "$work/wharf.log"
cat "$work/ready"

# without_id hides what every upload has of its own.
without_id() { sed -E 's/"id":"[0-9a-f-]{36}"/"id":"…"/'; }

# step COMMAND-LINE EXPECTED
step() {
  local line=$1 want=$2 got
  printf '\n%s\n' "$line"
  case $line in
    'mysql> '*) got=$(mariadb --no-defaults -h 127.0.0.1 -P 3307 -u root -t -e "${line#mysql> }" 2>&1) || true ;;
    '$ '*) got=$(cd files && bash -c "${line/#\$ curl /curl -sS }" 2>&1) || true ;;
  esac
  [ -z "$got" ] || printf '%s\n' "$got"
  if [ "$(without_id <<<"$got")" != "$(without_id <<<"$want")" ]; then
    printf '!! the page prints:\n%s\n' "$want"
    wrong=$((wrong + 1))
  fi
}

page() {
  local line command='' want=''
  printf '\n== %s\n' "$1"
  while IFS= read -r line; do
    case $line in
      'mysql> '* | '$ '*)
        [ -z "$command" ] || step "$command" "${want%$'\n'}"
        command=$line want=''
        ;;
      *) want+=$line$'\n' ;;
    esac
  done <"$2"
  step "$command" "${want%$'\n'}"
}

page 'Upload to a named internal stage' page/internal.txt
page 'Upload to a named external stage' page/external.txt

echo
if [ "$wrong" -gt 0 ]; then die "$wrong outputs are not the page's"; fi
echo "Every output is the page's (the id apart)."
