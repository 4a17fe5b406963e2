#!/bin/sh
# Drop root, give the server its data folder, and let the container's network in.
set -eu

# `docker run IMAGE --save 60 1` and `docker run IMAGE /my.conf` mean redis-server.
case "${1:-}" in
    -* | *.conf) set -- redis-server "$@" ;;
esac

# The official build has protected mode off; Debian's has it on, and then refuses every other container.
open_to_network() {
    shift
    case "${1:-}" in
        -v | --version | -h | --help | - | --test-memory | --check-system) exec redis-server "$@" ;;
        "" | -*) exec redis-server --protected-mode no "$@" ;;
    esac
    conf=$1
    shift
    if grep -qs '^[[:space:]]*protected-mode' "$conf"; then
        exec redis-server "$conf" "$@"
    fi
    exec redis-server "$conf" --protected-mode no "$@"
}

if [ "${1:-}" = redis-server ]; then
    if [ "$(id -u)" = 0 ]; then
        # A mounted folder may belong to anybody.
        find . \! -user redis -exec chown redis '{}' +
        exec setpriv --reuid redis --regid redis --clear-groups -- "$0" "$@"
    fi
    # Data files are nobody else's to read, unless somebody chose another mask.
    [ "$(umask)" = 0022 ] && umask 0077
    open_to_network "$@"
fi
exec "$@"
