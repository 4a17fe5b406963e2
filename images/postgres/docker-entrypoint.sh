#!/usr/bin/env bash
# On the first start make a database as the POSTGRES_* variables say; then become the server.
# What it prints in answer to a mistake is what the official image prints, so that a search finds it.
set -Eeuo pipefail

# NAME, or what the file named by NAME_FILE holds, or a default.
from_environment() {
    local name=$1 default=${2:-} file="${1}_FILE"
    if [[ -n ${!name:-} && -n ${!file:-} ]]; then
        printf 'error: both %s and %s are set (but are exclusive)\n' "$name" "$file" >&2
        exit 1
    fi
    if [[ -n ${!file:-} ]]; then
        printf -v "$name" '%s' "$(< "${!file}")"
    else
        printf -v "$name" '%s' "${!name:-$default}"
    fi
    export "${name?}"
    unset "$file"
}

read_settings() {
    from_environment POSTGRES_PASSWORD
    from_environment POSTGRES_USER postgres
    from_environment POSTGRES_DB "$POSTGRES_USER"
    from_environment POSTGRES_INITDB_ARGS
    : "${POSTGRES_HOST_AUTH_METHOD:=}"
}

refuse_without_password() {
    [[ -n $POSTGRES_PASSWORD || $POSTGRES_HOST_AUTH_METHOD == trust ]] && return
    cat >&2 <<'EOF'
Error: Database is uninitialized and superuser password is not specified.
       You must specify POSTGRES_PASSWORD to a non-empty value for the
       superuser. For example, "-e POSTGRES_PASSWORD=password" on "docker run".

       You may also use "POSTGRES_HOST_AUTH_METHOD=trust" to allow all
       connections without a password. This is *not* recommended.

       See PostgreSQL documentation about "trust":
       https://www.postgresql.org/docs/current/auth-trust.html
EOF
    exit 1
}

warn_of_trust() {
    [[ $POSTGRES_HOST_AUTH_METHOD == trust ]] || return 0
    cat >&2 <<'EOF'
********************************************************************************
WARNING: POSTGRES_HOST_AUTH_METHOD has been set to "trust". This will allow
         anyone with access to the Postgres port to access your database without
         a password, even if POSTGRES_PASSWORD is set.
********************************************************************************
EOF
}

make_folders() {
    mkdir -p "$PGDATA" /var/run/postgresql
    chmod 0700 "$PGDATA" || :
    [[ $(id -u) == 0 ]] || return 0
    find "$PGDATA" \! -user postgres -exec chown postgres '{}' +
    find /var/run/postgresql \! -user postgres -exec chown postgres '{}' +
}

make_cluster() {
    local -a wal=()
    [[ -z ${POSTGRES_INITDB_WALDIR:-} ]] || wal=(--waldir "$POSTGRES_INITDB_WALDIR")
    # The variable holds several words, perhaps quoted ones: eval splits it as a shell would.
    local -a args=()
    eval "args=($POSTGRES_INITDB_ARGS)"
    initdb --username="$POSTGRES_USER" --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") "${wal[@]}" "${args[@]}"
    local method=${POSTGRES_HOST_AUTH_METHOD:-$(postgres -C password_encryption)}
    printf '\nhost all all all %s\n' "$method" >> "$PGDATA/pg_hba.conf"
}

# For the scripts of /docker-entrypoint-initdb.d that are sourced, too.
docker_process_sql() {
    psql -v ON_ERROR_STOP=1 --no-psqlrc --no-password --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" "$@"
}

make_database() {
    local there
    there=$(POSTGRES_DB=postgres docker_process_sql --tuples-only --no-align --set db="$POSTGRES_DB" \
        <<< "SELECT 1 FROM pg_database WHERE datname = :'db';")
    [[ -n $there ]] && return
    POSTGRES_DB=postgres docker_process_sql --set db="$POSTGRES_DB" <<< 'CREATE DATABASE :"db";'
}

run_init_files() {
    local file
    for file in /docker-entrypoint-initdb.d/*; do
        case $file in
            *.sh)
                if [[ -x $file ]]; then
                    printf '%s: running %s\n' "$0" "$file"
                    "$file"
                else
                    printf '%s: sourcing %s\n' "$0" "$file"
                    . "$file"
                fi
                ;;
            *.sql) printf '%s: running %s\n' "$0" "$file"; docker_process_sql -f "$file" ;;
            *.sql.gz) printf '%s: running %s\n' "$0" "$file"; gunzip -c "$file" | docker_process_sql ;;
            *.sql.xz) printf '%s: running %s\n' "$0" "$file"; xzcat "$file" | docker_process_sql ;;
            *.sql.zst) printf '%s: running %s\n' "$0" "$file"; zstd -dc "$file" | docker_process_sql ;;
            '/docker-entrypoint-initdb.d/*') ;;
            *) printf '%s: ignoring %s\n' "$0" "$file" ;;
        esac
        printf '\n'
    done
}

# The server of the first minute listens on its socket only: nobody connects to a half-made database.
start_private_server() {
    local options="-c listen_addresses='' -p ${PGPORT:-5432}"
    [[ $# == 0 ]] || options="$(printf '%q ' "$@")$options"
    PGUSER=$POSTGRES_USER pg_ctl -D "$PGDATA" -o "$options" -w start
}

first_start() {
    refuse_without_password
    warn_of_trust
    make_cluster
    export PGPASSWORD=${PGPASSWORD:-$POSTGRES_PASSWORD}
    start_private_server "${@:2}"
    make_database
    run_init_files
    PGUSER=$POSTGRES_USER pg_ctl -D "$PGDATA" -m fast -w stop
    unset PGPASSWORD
    printf '\nPostgreSQL init process complete; ready for start up.\n\n'
}

only_asks() {
    local word
    for word in "$@"; do
        case $word in
            -'?' | --help | --describe-config | -V | --version) return 0 ;;
        esac
    done
    return 1
}

main() {
    [[ ${1:-} != -* ]] || set -- postgres "$@"
    if [[ ${1:-} == postgres ]] && ! only_asks "$@"; then
        read_settings
        make_folders
        if [[ $(id -u) == 0 ]]; then
            export HOME=/var/lib/postgresql
            exec setpriv --reuid postgres --regid postgres --init-groups -- "$BASH_SOURCE" "$@"
        fi
        if [[ -s $PGDATA/PG_VERSION ]]; then
            printf '\nPostgreSQL Database directory appears to contain a database; Skipping initialization\n\n'
        else
            first_start "$@"
        fi
    fi
    exec "$@"
}

main "$@"
