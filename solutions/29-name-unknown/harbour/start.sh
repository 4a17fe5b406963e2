# start.sh NAME OPTION…: start a station of the harbour; nobody outside is asked for names (0.0.0.0 is nobody)
set -eu
docker run --detach --name "$1" --env "NAME=$1" --volume "$PWD/harbour:/app" \
  --dns 0.0.0.0 "${@:2}" python:3.13-slim python /app/station.py > /dev/null
timeout 20 bash -c "until docker logs $1 2>&1 | grep --quiet listens; do :; done"
