#!/bin/bash
# As in the official image: drop root, read secrets from files, and ask for a login where a root user is named.
set -Eeuo pipefail

if [ "${1:0:1}" = '-' ]; then
    set -- mongod "$@"
fi

# NAME_FILE names a file with the value of NAME.
from_file() {
    local name=$1 file="${1}_FILE"
    if [ -n "${!name:-}" ] && [ -n "${!file:-}" ]; then
        echo >&2 "error: both $name and $file are set (but are exclusive)"
        exit 1
    fi
    if [ -n "${!file:-}" ]; then
        export "$name=$(< "${!file}")"
    fi
    unset "$file"
}

if [ "$1" = mongod ]; then
    if [ "$(id -u)" = 0 ] && [ -z "${MONGO_FILES_READ:-}" ]; then
        # Secrets may be root's alone: read them before root goes.
        from_file MONGO_INITDB_ROOT_USERNAME
        from_file MONGO_INITDB_ROOT_PASSWORD
        find /data/db /data/configdb \! -user mongodb -exec chown mongodb '{}' +
        MONGO_FILES_READ=yes exec setpriv --reuid mongodb --regid mongodb --clear-groups -- "$0" "$@"
    fi
    unset MONGO_FILES_READ
    from_file MONGO_INITDB_ROOT_USERNAME
    from_file MONGO_INITDB_ROOT_PASSWORD
    user=${MONGO_INITDB_ROOT_USERNAME:-} password=${MONGO_INITDB_ROOT_PASSWORD:-}
    if { [ -n "$user" ] && [ -z "$password" ]; } || { [ -z "$user" ] && [ -n "$password" ]; }; then
        echo >&2 "error: missing 'MONGO_INITDB_ROOT_USERNAME' or 'MONGO_INITDB_ROOT_PASSWORD'"
        echo >&2 '       both must be specified for a user to be created'
        exit 1
    fi
    if compgen -G '/docker-entrypoint-initdb.d/*' > /dev/null; then
        echo >&2 "error: the course's stand-in for MongoDB does not run the files of /docker-entrypoint-initdb.d"
        exit 1
    fi
    [ -z "$user" ] || set -- "$@" --auth
fi
exec "$@"
