#!/usr/bin/env bash
# Run a commit's image on the server: this commit's, or that of the one named. What the server notes is its digest.
set -euo pipefail
commit=${1:-$(git rev-parse HEAD)}
registry=${REPOSITORY%%/*}
pipeline/on-server.sh tee /srv/profile/compose.yaml < pipeline/compose.yaml > /dev/null
aws ecr get-login-password \
    | pipeline/on-server.sh docker login --username AWS --password-stdin "$registry" 2>&1 | sed '/^WARNING/,/^$/d'
pipeline/on-server.sh bash -euo pipefail -s -- "$REPOSITORY" "$commit" <<'END'
cd /srv/profile
docker pull --quiet "$1:$2"
docker logout "${1%%/*}"
docker image inspect --format '{{join .RepoDigests "\n"}}' "$1:$2" | sed -n "s|^$1@|APP_IMAGE=&|p" > .env
[ -e mongo-password ] || openssl rand -hex 16 > mongo-password
docker compose --progress quiet up --detach --wait
cat .env
END
