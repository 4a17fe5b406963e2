#!/bin/sh
# Run what lies in /docker-entrypoint.d, then become the command. Words as the official image prints them.
set -eu

say() {
    [ -n "${NGINX_ENTRYPOINT_QUIET_LOGS:-}" ] || echo "$0: $*"
}

configure() {
    if [ -z "$(ls -A /docker-entrypoint.d)" ]; then
        say "No files found in /docker-entrypoint.d/, skipping configuration"
        return
    fi
    say "/docker-entrypoint.d/ is not empty, will attempt to perform configuration"
    say "Looking for shell scripts in /docker-entrypoint.d/"
    for file in /docker-entrypoint.d/*; do
        case "$file" in
            *.envsh) say "Sourcing $file"; . "$file" ;;
            *.sh) say "Launching $file"; "$file" ;;
            *) say "Ignoring $file" ;;
        esac
    done
    say "Configuration complete; ready for start up"
}

case "${1:-}" in
    nginx | nginx-debug) configure ;;
esac
exec "$@"
