#!/usr/bin/env bash
# Run a command on the server: with the deploy key, and only where the server proves that it is the one we know.
set -euo pipefail
exec ssh -i "$DEPLOY_KEY" -o IdentitiesOnly=yes -o BatchMode=yes -o LogLevel=ERROR \
    -o UserKnownHostsFile=pipeline/known_hosts "$SERVER" "$@"
