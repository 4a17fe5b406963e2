#!/bin/sh
# `docker run IMAGE my.yml` means: serve with that configuration.
set -eu
case "${1:-}" in
    *.yaml | *.yml) set -- registry serve "$@" ;;
    serve | garbage-collect | help | -*) set -- registry "$@" ;;
esac
exec "$@"
