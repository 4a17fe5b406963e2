#!/usr/bin/env bash
# Run the tests in the very image that was built. They aren't part of it, so they are copied into one container.
set -euo pipefail
commit=$(git rev-parse HEAD)
container=$(docker create "profile:$commit" node --test --test-reporter=spec)
trap 'docker rm --force "$container" > /dev/null' EXIT
docker cp --quiet app/test "$container:/app/test"
docker start --attach "$container"
