# What a server gets for each way to write down which door it wants: ask.sh DIGEST
set -eu
on_server() { docker exec server docker run --rm --quiet --pull always "$1"; }
for tag in latest 1 1.4 1.4.2; do
  echo "door:$tag: $(on_server 127.0.0.1:9310/door:$tag)"
done
echo "door@sha256:…: $(on_server "$1")"
