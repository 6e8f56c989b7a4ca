#!/usr/bin/env bash
# Runs every test. The last line is "N passed, N failed", with ", N skipped" where there was something to skip.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

usage() {
  cat <<'USAGE'
usage: ./test.sh [--fast] [--ci] [-- FILTER ...]

  --fast     unit tests only; installs nothing, takes a minute
  --ci       as .ci/run does: Release, formatting checked, lock files binding, a skipped test is a failure
  FILTER     passed to the test programs, such as: ./test.sh -- -class '*Redirect*'

As root on Debian or Ubuntu it first installs the programs that the end-to-end tests use. Without root it runs all
that it can, and lists what it skipped and why.
USAGE
}

fast=false
ci=false
filter=()
while (($#)); do
  case $1 in
    --fast) fast=true ;;
    --ci) ci=true ;;
    --help | -h) usage && exit 0 ;;
    --) shift && filter=("$@") && break ;;
    *) usage >&2 && exit 2 ;;
  esac
  shift
done

configuration=Debug
if $ci; then
  configuration=Release
  export GATEWAY_TESTS_NO_SKIP=1 MSBUILDDISABLENODEREUSE=1
fi

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
passed=0 failed=0 skipped=0

say() { printf '\n== %s\n' "$*"; }

finish() {
  local line="$passed passed, $failed failed"
  ((skipped == 0)) || line+=", $skipped skipped"
  echo
  echo "$line"
  ((failed == 0 && passed > 0)) || exit 1
  exit 0
}

# What is no test but must hold: one failure more.
must() {
  local what=$1
  shift
  if ! "$@"; then
    echo "FAILED: $what" >&2
    failed=$((failed + 1))
    return 1
  fi
}

missing_packages() {
  local pair
  # program:package
  for pair in chromium:chromium certutil:libnss3-tools ffmpeg:ffmpeg espeak-ng:espeak-ng curl:curl nginx:nginx haproxy:haproxy caddy:caddy wrk:wrk h2load:nghttp2-client \
    pebble:pebble pebble-challtestsrv:pebble openssl:openssl ip:iproute2 update-ca-certificates:ca-certificates git:git slowhttptest:slowhttptest testssl:testssl.sh \
    debootstrap:debootstrap systemd-nspawn:systemd-container prometheus:prometheus promtool:prometheus zbarimg:zbar-tools goaccess:goaccess clang:clang; do
    command -v "${pair%%:*}" >/dev/null || echo "${pair#*:}"
  done
  for pair in requests:python3-requests websockets:python3-websockets websocket:python3-websocket; do
    /usr/bin/python3 -c "import ${pair%%:*}" 2>/dev/null || echo "${pair#*:}"
  done
}

install_packages() {
  local wanted available=() package
  wanted=$(missing_packages | sort -u)
  [[ -n $wanted ]] || return 0
  if ((EUID != 0)) || ! command -v apt-get >/dev/null; then
    echo "Not installed, so some tests are skipped:" $wanted
    echo "As root on Debian or Ubuntu this script installs them."
    return 0
  fi

  say "Installing" $wanted
  apt-get update -qq >"$results/apt.log" 2>&1 || cat "$results/apt.log"
  for package in $wanted; do
    if [[ $(apt-cache policy "$package" 2>/dev/null) == *Candidate:\ [0-9]* ]]; then
      available+=("$package")
    else
      echo "This distribution has no package $package"
    fi
  done
  ((${#available[@]} > 0)) || return 0

  # The tests start nginx and its like themselves; here and now they are only wanted as programs.
  local policy=/usr/sbin/policy-rc.d own_policy=false
  if [[ ! -e $policy ]]; then
    own_policy=true
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
  fi
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${available[@]}" >"$results/apt.log" 2>&1 </dev/null \
    || cat "$results/apt.log"
  if $own_policy; then
    rm -f "$policy"
  fi
  for package in nginx haproxy caddy prometheus; do
    if [[ " ${available[*]} " == *" $package "* ]] && command -v systemctl >/dev/null; then
      systemctl disable --quiet "$package" >/dev/null 2>&1 || true
    fi
  done
}

# The Debian whose systemd the tests boot; made once, here, since the tests have no network. From where this machine gets its own.
make_machine() {
  local cache=${GATEWAY_TESTS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/gateway-tests} mirror=''
  export GATEWAY_TESTS_CACHE=$cache
  ((EUID == 0)) && command -v debootstrap >/dev/null && [[ ! -d $cache/bookworm ]] || return 0
  mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list 2>/dev/null \
    | sed -nE 's/^(URIs:|deb( \[[^]]*\])?) *(https?:[^ ]*\/debian)\/?( .*)?$/\3/p' | head -n 1) || true
  say "Debian for the systemd tests, in $cache"
  mkdir -p "$cache"
  rm -rf "$cache/bookworm.new"
  if debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,ca-certificates,iproute2,logrotate \
    bookworm "$cache/bookworm.new" "${mirror:-http://deb.debian.org/debian}" >"$results/debootstrap.log" 2>&1; then
    mv "$cache/bookworm.new" "$cache/bookworm"
  else
    tail -n 20 "$results/debootstrap.log"
    rm -rf "$cache/bookworm.new"
  fi
}

# Prints an attribute of the run's <assembly> element.
result_of() { sed -n "s/.*<assembly [^>]*[[:space:]]$2=\"\([0-9]*\)\".*/\1/p" "$1" | head -n 1; }

# The name of each failed test with the first lines of its message: the whole of it may be far up, or cut off by whoever keeps the output.
list_failed() {
  awk 'BEGIN { RS = "<test " }
    /result="Fail"/ {
      match($0, /name="[^"]*"/)
      name = substr($0, RSTART + 6, RLENGTH - 7)
      message = $0
      if (!sub(/.*<message>(<!\[CDATA\[)?/, "", message)) message = "?"
      sub(/(\]\]>)?<\/message>.*/, "", message)
      gsub(/&quot;/, "\"", name)
      print "  " name ": " substr(message, 1, 500)
    }' "$1"
}

list_skipped() {
  awk 'BEGIN { RS = "<test " }
    /result="Skip"/ {
      match($0, /name="[^"]*"/)
      name = substr($0, RSTART + 6, RLENGTH - 7)
      reason = $0
      if (!sub(/.*<reason>(<!\[CDATA\[)?/, "", reason)) reason = "?"
      sub(/(\]\]>)?<\/reason>.*/, "", reason)
      gsub(/&quot;/, "\"", name)
      print "  " name ": " reason
    }' "$1"
}

# Runs a test program, in a world of its own where that is possible: tests may use fixed ports there, and nothing outlives it.
isolated=()
run_tests() {
  local project=$1 minutes=$2 file="$results/$1.xml" status=0
  local program="tests/$project/bin/$configuration/net10.0/$project"
  local options=(-noLogo -noColor -noAutoReporters -result-xml "$file")
  [[ ${GATEWAY_TESTS_NO_SKIP:-} == 1 ]] && options+=(-failSkips)

  say "$project"
  timeout --foreground --kill-after=20 "${minutes}m" ${isolated[@]+"${isolated[@]}"} \
    "$program" "${options[@]}" ${filter[@]+"${filter[@]}"} </dev/null || status=$?

  local bad=0
  if [[ -s $file && -n $(result_of "$file" passed) ]]; then
    passed=$((passed + $(result_of "$file" passed)))
    bad=$(($(result_of "$file" failed) + $(result_of "$file" errors)))
    failed=$((failed + bad))
    skipped=$((skipped + $(result_of "$file" skipped)))
    list_skipped "$file" >>"$results/skipped"
    list_failed "$file" >>"$results/failed"
  fi
  if ((status == 124 || status == 137)); then
    must "$project was ended after $minutes minutes" false || true
  elif ((status != 0 && bad == 0)); then
    must "$project ended with exit code $status" false || true
  fi
}

if ! command -v dotnet >/dev/null; then
  must "the .NET 10 SDK is not installed: https://dotnet.microsoft.com/download" false || finish
fi

if ! $fast; then
  install_packages
  make_machine
fi

say "Build ($configuration)"
restore=(dotnet restore Gateway.sln --verbosity quiet)
$ci && restore+=(--locked-mode)
must "restore" "${restore[@]}" || finish
must "build" dotnet build Gateway.sln --no-restore --configuration "$configuration" --verbosity quiet --nologo -warnaserror || finish
if $ci; then
  # Without its analyzers, which the build has already run.
  for part in whitespace style; do
    must "formatting; run: dotnet format" dotnet format "$part" Gateway.sln --no-restore --verify-no-changes || true
  done
fi

run_tests Gateway.Tests 15
if ! $fast; then
  own_world=(unshare --net --pid --fork --kill-child --mount-proc)
  if ((EUID == 0)) && "${own_world[@]}" ip link set lo up 2>/dev/null; then
    # The shell stays as the namespace's first process, which has to bury the orphans.
    isolated=("${own_world[@]}" sh -c 'ip link set lo up; "$@"; exit $?' sh)
  fi
  # The tests publish for every platform, and have no network then.
  must "restore what publishing takes" dotnet restore src/Gateway --verbosity quiet -p:EnableRuntimePackDownload=true \
    -p:EnableAppHostPackDownload=true -p:PublishReadyToRun=true -p:ArtifactsPath="$results/restored" || true
  must "restore what publishing native code takes" dotnet msbuild src/Gateway -t:Restore -verbosity:quiet -nologo \
    "-p:RuntimeIdentifier=linux-$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')" -p:ArtifactsPath="$results/restored" || true
  run_tests Gateway.EndToEnd 40
fi

if [[ -s $results/skipped ]]; then
  say "Skipped"
  cat "$results/skipped"
fi
if [[ -s $results/failed ]]; then
  say "Failed"
  cat "$results/failed"
fi
finish
