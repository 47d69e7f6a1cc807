#!/usr/bin/env bash
# Runs every fuzz target of the module, one after the other, and stops at the
# first that fails.
#
#   tools/fuzz.sh TIME [LONG REGEX]
#
# TIME and LONG are go test's -fuzztime, such as 3s. A target whose
# "directory:Name" matches REGEX runs for LONG instead of TIME.
set -euo pipefail
cd "$(dirname "$0")/.."

time=${1:?usage: tools/fuzz.sh TIME [LONG REGEX]}
long=${2:-$time}
regex=${3:-'^$'}

log=$(mktemp)
trap 'rm -f "$log"' EXIT

fuzz() { # directory name time
  go test -run='^$' -fuzz="^$2\$" -fuzztime="$3" -fuzzminimizetime=10x "./$1" </dev/null 2>&1 | tee "$log"
}

# At the very end of its time a sound target can fail with nothing but
# "context deadline exceeded": https://go.dev/issue/75804, fixed in Go 1.27.
deadline_race() {
  grep -q 'context deadline exceeded' "$log" &&
    ! grep -Eq 'Failing input|panic:|_test\.go:[0-9]+:' "$log"
}

ran=0 ran_long=0
while IFS=: read -r file func; do
  [ -n "$file" ] || continue
  dir=$(dirname "${file#./}")
  name=${func#func }
  t=$time
  if [[ "$dir:$name" =~ $regex ]]; then
    t=$long
    ran_long=$((ran_long + 1))
  fi
  printf -- '-- %s %s, %s\n' "$dir" "$name" "$t"
  if ! fuzz "$dir" "$name" "$t"; then
    deadline_race || { echo "$dir $name failed" >&2; exit 1; }
    echo 'no failing input, only the clock (go.dev/issue/75804): once more'
    fuzz "$dir" "$name" "$t" || { echo "$dir $name failed" >&2; exit 1; }
  fi
  ran=$((ran + 1))
done < <(find . \( -name testdata -o -name '.?*' -o -path ./tools -o -path ./bin \) -prune -o \
  -name '*_test.go' -print0 | xargs -0r grep -HEo '^func Fuzz[A-Za-z0-9_]*' | sort || true)

summary="$ran fuzz targets run"
[ $# -lt 3 ] || summary+=", $ran_long of them for $long"
echo "$summary"
