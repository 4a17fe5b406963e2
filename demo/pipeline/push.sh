#!/usr/bin/env bash
# Bring the tested image into the registry, tagged with the commit. Such a tag is never moved (immutable).
set -euo pipefail
commit=$(git rev-parse HEAD)
registry=${REPOSITORY%%/*}
# The warning that sed leaves out says that Docker keeps the login in a file. So it goes again at the end.
trap 'docker logout "$registry" > /dev/null' EXIT
aws ecr get-login-password \
    | docker login --username AWS --password-stdin "$registry" 2>&1 | sed '/^WARNING/,/^$/d'
docker tag "profile:$commit" "$REPOSITORY:$commit"
if ! docker push --quiet "$REPOSITORY:$commit"; then
    # An earlier run may have pushed it. That is well if it was this very image.
    tested=$(docker image inspect --format '{{.Id}}' "profile:$commit")
    docker pull --quiet "$REPOSITORY:$commit"
    test "$(docker image inspect --format '{{.Id}}' "$REPOSITORY:$commit")" = "$tested"
fi
