#!/usr/bin/env bash
# Makes .venv and installs the program into it, with the system libraries that Qt needs.
# Usage: .ci/setup.sh run|dev
set -euo pipefail
cd "$(dirname "$0")/.."
kind="${1:-run}"
venv=.venv

# What PyQt6's wheels leave to the system (Debian and Ubuntu names), and a font to write with.
qt_packages="libegl1 libgl1 libglib2.0-0 libdbus-1-3 libfontconfig1 libxkbcommon0
  libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0
  libxcb-render-util0 libxcb-shape0 libxcb-xinerama0 fonts-dejavu-core"

say() { printf '%s\n' "$*" >&2; }

# Installs system packages where that needs no password; else says what to type, and stops.
install_packages() {
  local command="apt-get install -y --no-install-recommends $*"
  if ! command -v apt-get >/dev/null; then
    say "Missing system packages. Install what your system has for: $*"
    exit 1
  fi
  if [ "$(id -u)" = 0 ]; then
    apt-get update -q && DEBIAN_FRONTEND=noninteractive $command
  elif sudo -n true 2>/dev/null; then
    sudo -n apt-get update -q && sudo -n DEBIAN_FRONTEND=noninteractive $command
  else
    say "Missing system packages. Run this, then make again:"
    say "  sudo apt-get update && sudo $command"
    exit 1
  fi
}

is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
  local candidate
  for candidate in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
    if command -v "$candidate" >/dev/null && is_new_enough "$candidate"; then
      echo "$candidate"
      return
    fi
  done
  return 1
}

if [ ! -x $venv/bin/python ]; then
  if ! python="$(find_python)"; then
    install_packages python3 python3-venv
    python="$(find_python)" || { say "Python 3.11 or newer is needed; set PYTHON=path."; exit 1; }
  fi
  if ! "$python" -c 'import ensurepip' 2>/dev/null; then
    version="$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')"
    install_packages "python$version-venv"
  fi
  "$python" -m venv $venv
fi

case "$kind" in
  dev) target='.[dev]' ;;
  run) target='.' ;;
  *) say "Usage: .ci/setup.sh run|dev"; exit 2 ;;
esac
say "Installing into $venv; the first time this takes some minutes."
$venv/bin/python -m pip install --quiet --disable-pip-version-check -e "$target"

if [ "$(uname)" = Linux ]; then
  qt="$($venv/bin/python -c 'import pathlib, PyQt6; print(pathlib.Path(PyQt6.__file__).parent)')"
  missing="$(ldd "$qt"/Qt6/lib/libQt6Gui.so.6 "$qt"/Qt6/lib/libQt6Widgets.so.6 \
    "$qt"/Qt6/plugins/platforms/libqxcb.so "$qt"/Qt6/plugins/platforms/libqoffscreen.so \
    | awk '/not found/ {print $1}' | sort -u | tr '\n' ' ')"
  if [ -n "$missing" ]; then
    say "Qt lacks $missing"
    # shellcheck disable=SC2086  # a list of names
    install_packages $qt_packages
  fi
fi
