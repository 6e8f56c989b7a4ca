#!/usr/bin/env bash
# Installs, upgrades or removes the gateway as a systemd service. See README.md beside this file.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
program=/usr/local/bin/gateway
config=/etc/gateway/gateway.json
units=/etc/systemd/system
state=/var/lib/gateway
logs=/var/log/gateway
logrotate=/etc/logrotate.d/gateway

usage() {
  cat <<USAGE
usage: deploy/install.sh [--binary FILE] [--no-start]
       deploy/install.sh --uninstall [--purge]

Installs the gateway as a systemd service, or upgrades it: run it again. As root.

  --binary FILE   take this published program; without it, it is built from this clone, which needs the .NET 10 SDK
  --no-start      install only; start it later with: systemctl enable --now gateway.socket gateway.service
  --uninstall     remove everything but $config and $state
  --purge         with --uninstall: remove those too, certificates and keys included
  --help          this text

An upgrade keeps configuration and state. Connections that arrive while the program is replaced wait and are answered.
USAGE
}

say() { echo "$*"; }

# What is wrong, then what to do.
fail() {
  printf 'install.sh: %s\n' "$1" >&2
  shift
  (($# == 0)) || printf '  %s\n' "$@" >&2
  exit 1
}

binary='' start=true uninstall=false purge=false
while (($#)); do
  case $1 in
    --binary)
      (($# > 1)) || fail "--binary needs a file" "Example: deploy/install.sh --binary out/gateway"
      binary=$2
      shift
      ;;
    --no-start) start=false ;;
    --uninstall) uninstall=true ;;
    --purge) purge=true ;;
    --help | -h) usage && exit 0 ;;
    *)
      usage >&2
      exit 2
      ;;
  esac
  shift
done
if $purge && ! $uninstall; then
  fail "--purge goes with --uninstall" "To remove everything: deploy/install.sh --uninstall --purge"
fi

check_machine() {
  ((EUID == 0)) || fail "this needs root" "Run: sudo $0"
  [[ -d /run/systemd/system ]] || fail "systemd does not run here" \
    "Without it, copy the program anywhere and run: gateway run --config gateway.json"
  local version
  version=$(systemctl --version | sed -n '1s/^systemd \([0-9]*\).*/\1/p')
  ((version >= 247)) || fail "systemd is version $version; the unit needs 247 or newer" "Debian 11, Ubuntu 22.04 and later have it."
}

is_active() { systemctl is-active --quiet "$1"; }

remove() {
  systemctl disable --quiet --now gateway.socket gateway.service 2>/dev/null || true
  rm -f "$units/gateway.service" "$units/gateway.socket" "$logrotate" "$program"
  rm -rf "$logs"
  systemctl daemon-reload
  systemctl reset-failed gateway.service gateway.socket 2>/dev/null || true
  if $purge; then
    rm -rf "$state" "$(dirname "$config")" "$units/gateway.service.d" "$units/gateway.socket.d"
  elif [[ -d $state ]]; then
    # The number of the user that goes may be given to another one.
    chown -R root:root "$state"
  fi
  if getent passwd gateway >/dev/null; then
    userdel gateway
  fi
  if getent group gateway >/dev/null; then
    groupdel gateway
  fi
  systemctl daemon-reload
  local left=()
  for path in "$(dirname "$config")" "$state" "$units/gateway.service.d" "$units/gateway.socket.d"; do
    [[ ! -e $path ]] || left+=("$path")
  done
  say "The gateway is removed.${left[*]+ What is left: ${left[*]}}"
}

work=''
cleanup() { [[ -z $work ]] || rm -rf "$work"; }
trap cleanup EXIT

# Puts the new program to $work/gateway.
provide_program() {
  if [[ -z $binary ]]; then
    local project="$here/../src/Gateway" platform
    [[ -d $project ]] || fail "there is no $project to build from" "Take a published program: --binary FILE"
    command -v dotnet >/dev/null || fail "the .NET SDK is not installed, which building needs" \
      "Install the .NET 10 SDK (https://dotnet.microsoft.com/download), or publish elsewhere and use --binary:" \
      "dotnet publish src/Gateway -c Release -r linux-x64 -o out"
    case $(uname -m) in
      x86_64) platform=linux-x64 ;;
      aarch64) platform=linux-arm64 ;;
      *) fail "there is no build for $(uname -m)" "linux-x64 and linux-arm64 are built." ;;
    esac
    local form=()
    if ! command -v clang >/dev/null && ! command -v gcc >/dev/null; then
      say "Without clang or gcc the program becomes larger and starts slower: apt-get install clang"
      form=(-p:PublishAot=false)
    fi
    say "Building ..."
    dotnet publish "$project" -c Release -r "$platform" -o "$work/out" --artifacts-path "$work/artifacts" "${form[@]}" \
      -p:RestoreLockedMode=true --nologo --verbosity quiet >"$work/build.log" 2>&1 \
      || fail "the build failed" "$(tail -n 20 "$work/build.log")"
    binary="$work/out/gateway"
  fi
  [[ -f $binary ]] || fail "there is no file $binary" "Publish it: dotnet publish src/Gateway -c Release -r linux-x64 -o out"
  install -m 755 "$binary" "$work/gateway"
  local version
  version=$("$work/gateway" --version 2>"$work/error") || fail "$binary does not run here ($(uname -m)): $(head -n 1 "$work/error")" \
    "Publish it for this machine: dotnet publish src/Gateway -c Release -r linux-x64 -o out (or linux-arm64)"
  say "gateway ${version%%+*}"
}

# The configuration that will be served must be valid for the new program, as the service's own user reads it.
check_configuration() {
  local file=$config as=()
  [[ -e $config ]] || file="$here/gateway.json"
  if [[ $file == "$config" ]] && getent passwd gateway >/dev/null; then
    as=(setpriv --reuid=gateway --regid=gateway --init-groups env "STATE_DIRECTORY=$state" HOME="$state")
  fi
  ${as[@]+"${as[@]}"} "$work/gateway" check --config "$file" >"$work/check.log" 2>&1 \
    || fail "$file is not valid for this version. Nothing was changed:" "$(cat "$work/check.log")" "Mend it and run this again."
}

# systemd takes the ports before the gateway does; who has them now would only be found out by its failure.
check_ports() {
  $start && ! is_active gateway.socket && command -v ss >/dev/null || return 0
  local port owner
  for port in $(sed -n 's/^ListenStream=.*\b\([0-9]\+\)$/\1/p' "$here/gateway.socket"); do
    owner=$(ss -Hltnp "sport = :$port" | sed -n 's/.*users:(("\([^"]*\)",pid=\([0-9]*\).*/\1 (process \2)/p' | head -n 1)
    [[ -z $owner || $owner == gateway\ * ]] || fail "port $port is in use by $owner. Nothing was changed." \
      "Stop it, such as: systemctl disable --now ${owner%% *}" "Or install with --no-start and choose other ports in $config and gateway.socket."
  done
}

# Installs a file if it differs.
put() {
  local mode=$1 from=$2 to=$3
  cmp -s "$from" "$to" || install -D -m "$mode" "$from" "$to"
}

install_files() {
  if ! getent passwd gateway >/dev/null; then
    useradd --system --user-group --home-dir "$state" --no-create-home --shell /usr/sbin/nologin gateway
  fi
  install -d -m 755 "$(dirname "$config")"
  [[ -e $config ]] || install -m 644 "$here/gateway.json" "$config"
  # What an installation before has left is root's.
  install -d -m 700 "$state"
  chown -R gateway:gateway "$state"
  install -d -m 750 -o gateway -g gateway "$logs"
  put 644 "$here/gateway.logrotate" "$logrotate"

  socket_changed=false
  cmp -s "$here/gateway.socket" "$units/gateway.socket" || socket_changed=true
  put 644 "$here/gateway.socket" "$units/gateway.socket"
  put 644 "$here/gateway.service" "$units/gateway.service"

  [[ ! -e $program ]] || cp -p "$program" "$work/before"
  # The running process keeps the file that it was started from.
  install -m 755 "$work/gateway" "$program.new"
  mv "$program.new" "$program"
  systemctl daemon-reload
}

# A socket unit cannot be started or changed under a service that runs.
start_units() {
  if { $socket_changed && is_active gateway.socket; } || { is_active gateway.service && ! is_active gateway.socket; }; then
    say "The socket unit is new or has changed: the ports are closed for a moment."
    systemctl stop gateway.service gateway.socket
  fi
  systemctl enable --quiet gateway.socket gateway.service
  systemctl start gateway.socket || fail "the ports of gateway.socket cannot be had" "See: systemctl status gateway.socket"
  systemctl restart gateway.service
}

report_failure() {
  journalctl -u gateway.service -n 20 --no-pager -o cat >&2 || true
  if [[ -e $work/before ]]; then
    install -m 755 "$work/before" "$program.new"
    mv "$program.new" "$program"
    systemctl restart gateway.service || true
    fail "the new version did not start; the one before is back in place" "Its last words are above."
  fi
  fail "the gateway did not start" "Its last words are above. Mend $config and run: systemctl restart gateway"
}

check_machine
if $uninstall; then
  remove
  exit 0
fi

work=$(mktemp -d)
chmod 755 "$work"
provide_program
check_configuration
check_ports
install_files
if $start; then
  start_units || report_failure
  say "$(systemctl show -p StatusText --value gateway.service)"
  say "It runs. Configuration: $config   Log: journalctl -u gateway -f -o cat"
else
  say "Installed. Start it with: systemctl enable --now gateway.socket gateway.service"
fi
