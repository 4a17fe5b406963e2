#!/usr/bin/env bash
# This version answers? Then note it on the server as one to go back to.
set -euo pipefail
commit=$(git rev-parse HEAD)
curl --silent --fail --retry 20 --retry-all-errors "$PAGE/version" | grep --fixed-strings "$commit" > /dev/null
echo "this version answers"
pipeline/on-server.sh bash -euc "'cd /srv/profile && mkdir -p good && cp .env compose.yaml good'"
