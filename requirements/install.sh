#!/usr/bin/env bash
# Make the virtual environment named by the first argument hold exactly what requirements/dev.txt
# locks, and the project itself, editable. Safe to run again, to interrupt, and to run twice at once.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=${1:?usage: requirements/install.sh FOLDER}

works() { command -v "$1" >/dev/null && "$1" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

# Debian's own comes first: it is built with profiles and link-time optimisation, and runs this code
# a third faster than an interpreter compiled by hand without them.
find_python() {
  local name
  for name in /usr/bin/python3 python3.11 python3 python3.12 python3.13; do
    if works "$name"; then echo "$name"; return; fi
  done
  return 1
}

mkdir -p "$venv"
exec 9>"$venv/.lock"
if ! flock --wait 600 9; then
  echo "another installation has held $venv/.lock for ten minutes; end it and try again" >&2
  exit 2
fi

if [[ ! -x $venv/bin/pip ]]; then
  if ! python=$(find_python); then
    if [[ $(id -u) != 0 ]] || ! command -v apt-get >/dev/null; then
      echo "Python 3.11 or newer with venv is missing; as root: apt-get install python3 python3-venv" >&2
      exit 2
    fi
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3 python3-venv ca-certificates
    python=$(find_python)
  fi
  echo "creating $venv with $python" >&2
  "$python" -m venv "$venv"
fi

"$venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
"$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
