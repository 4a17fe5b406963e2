#!/bin/sh
# `docker run IMAGE app.js` and `docker run IMAGE -e 1+1` mean node; `docker run IMAGE npm -v` means npm.
set -eu

is_program() {
    case "$1" in
        -*) return 1 ;;
    esac
    [ -n "$(command -v "$1")" ] && { [ ! -f "$1" ] || [ -x "$1" ]; }
}

is_program "${1:-node}" || set -- node "$@"
exec "$@"
