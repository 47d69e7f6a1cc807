#!/usr/bin/env bash
# Calls a demo server with what schemathesis makes up from /openapi.json, and
# fails for a reply that is not what the document says.
#
#   tools/fuzz-api.sh SECONDS
#
# schemathesis comes from PyPI into bin/schemathesis. Where it cannot be had the
# step is not run, which is a failure where CI is set.
set -euo pipefail
cd "$(dirname "$0")/.."

root=$PWD
seconds=${1:?usage: tools/fuzz-api.sh SECONDS}
venv=bin/schemathesis
want=$(sed -n 's/^schemathesis==//p' tools/fuzz-api/requirements.txt)

install() {
  [ "$("$venv/bin/schemathesis" --version 2>/dev/null)" = "schemathesis, version $want" ] && return
  if ! { rm -rf "$venv" && python3 -m venv "$venv"; } >/dev/null 2>&1; then
    command -v apt-get >/dev/null || return 1
    local sudo=
    [ "$(id -u)" = 0 ] || sudo=sudo
    $sudo apt-get update -qq && $sudo env DEBIAN_FRONTEND=noninteractive \
      apt-get install -qq -y --no-install-recommends python3 python3-venv || return 1
    rm -rf "$venv" && python3 -m venv "$venv" || return 1
  fi
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r tools/fuzz-api/requirements.txt
}

if ! install; then
  echo "not run: schemathesis $want cannot be had from PyPI here" >&2
  [ -z "${CI:-}" ] || exit 1
  exit 0
fi

work=$(mktemp -d)
server=
finish() {
  [ -z "$server" ] || { kill "$server" && wait "$server"; } 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT

TMPDIR=$work bin/rollcall serve --demo --listen 127.0.0.1:0 --admin-listen 127.0.0.1:0 --log-format json \
  >"$work/out" 2>"$work/log" &
server=$!
until grep -q 'Stop with Ctrl-C' "$work/log"; do
  kill -0 "$server" 2>/dev/null || { cat "$work/log" >&2; exit 1; }
  sleep 0.1
done
logged() { sed -nE "s/.*$1.*/\\1/p" "$work/log" | head -1; }
ROLLCALL_URL=http://$(logged '"listen":"([^"]+)"')
admin=http://$(logged '"admin":"([^"]+)"')
ROLLCALL_APPKEY=$(logged 'appkey=([^&]+)&')
ROLLCALL_APPSECRET=$(logged 'appsecret=([^,]+),')
ROLLCALL_TOKEN=$(sed -nE 's/.*access_token=([0-9a-f]+).*/\1/p' "$work/out" | head -1)

# A third-party app beside that of the demo, in the demo's directory.
data=$(echo "$work"/rollcall-demo-*)
member() { python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }
bin/rollcall app create --data "$data" --name suite --type third_party --json \
  --permission isvapi_base --permission qyapi_base >"$work/suite"
ROLLCALL_SUITE_KEY=$(member appkey <"$work/suite")
ROLLCALL_SUITE_SECRET=$(member appsecret <"$work/suite")
ROLLCALL_SUITE_TICKET=$(bin/rollcall app ticket --data "$data" --json "$ROLLCALL_SUITE_KEY" | member suite_ticket)
ROLLCALL_CORP=$(bin/rollcall check --data "$data" --json | tr -d '[]' | member corp_id)
export "${!ROLLCALL_@}"

fetch() { python3 -c 'import sys, urllib.request; sys.stdout.buffer.write(urllib.request.urlopen(sys.argv[1]).read())' "$1"; }

# It keeps what it found before in the working directory, which is a new one.
fuzz() { # seconds arguments...
  (cd "$work" && SCHEMATHESIS_HOOKS="$root/tools/fuzz-api/hooks.py" "$root/$venv/bin/schemathesis" \
    --config-file "$root/tools/fuzz-api/schemathesis.toml" run --max-time "$1" --url "$ROLLCALL_URL" \
    --phases examples,coverage,fuzzing --generation-database none --no-color "${@:2}")
}

# First that it would find something: a document that lies about one reply.
fetch "$ROLLCALL_URL/openapi.json" >"$work/openapi.json"
sed 's/"count":{"type":"integer"/"count":{"type":"string"/' "$work/openapi.json" >"$work/wrong.json"
if cmp -s "$work/openapi.json" "$work/wrong.json" ||
  fuzz 20 --include-path /topapi/user/count "$work/wrong.json" >"$work/found" 2>&1 ||
  ! grep -q 'Response violates schema' "$work/found"; then
  cat "$work/found" >&2
  echo 'a document that is wrong was not found out' >&2
  exit 1
fi

fuzz "$seconds" "$work/openapi.json"

# The server must not have been busy, which is HTTP 200 too, nor have complained.
fetch "$admin/metrics" >"$work/metrics"
if grep -E '^rollcall_replies_total\{.*errcode="-1"\} [1-9]' "$work/metrics" >&2 || grep '"level":"ERROR"' "$work/log" >&2; then
  echo 'the server could not answer some of the calls' >&2
  exit 1
fi
# A row without one success was not tried.
grep -E '^rollcall_replies_total\{.*errcode="0"\} 0$' "$work/metrics" | grep -v '"unknown"' >&2 && {
  echo 'these endpoints were never called with success' >&2
  exit 1
}
echo 'nothing found, and every endpoint answered with success'
