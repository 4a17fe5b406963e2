# deploy.sh VERSION: put a new version of the night log in the place of the old one.
# The old container stays as night-log-before, so that one can go back.
set -eu
docker rm --force night-log-before > /dev/null 2>&1
if docker stop -t 1 night-log > /dev/null 2>&1; then docker rename night-log night-log-before; fi
docker run --detach --name night-log --env "VERSION=$1" --publish 127.0.0.1:9640:8000 \
  --volume "$PWD/observatory:/app" python:3.13-slim python /app/night.py > /dev/null
timeout 20 sh -c 'until docker logs night-log | grep --quiet open; do :; done'
