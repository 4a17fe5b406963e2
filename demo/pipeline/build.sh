#!/usr/bin/env bash
# Build the app's image, once, under the commit's name. All later stages use this image, and none builds another.
set -euo pipefail
commit=$(git rev-parse HEAD)
docker build --quiet --provenance false --build-arg NPM_CONFIG_REGISTRY --build-arg APP_VERSION="$commit" \
    --tag "profile:$commit" .
