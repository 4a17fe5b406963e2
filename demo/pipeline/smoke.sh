#!/usr/bin/env bash
# Ask the app as its users do. If all is well, note on the server that this version is good: rollback.sh goes there.
set -euo pipefail
commit=${1:-$(git rev-parse HEAD)}
ask() { curl --silent --show-error --fail --max-time 10 "$@"; }

ask "$PAGE/health" | grep --fixed-strings "\"version\":\"$commit\"" > /dev/null
echo "this version answers"
page=$(ask "$PAGE/")
for part in $(grep --only-matching --extended-regexp '(src|href)="/[^"]+' <<< "$page" | cut -d '"' -f 2); do
    ask --output /dev/null "$PAGE$part"
done
echo "the page has all its parts"
profile=$(ask "$PAGE/get-profile")
if [[ $profile == *'"saved":true'* ]]; then
    # What was read is written back: nobody's record may change for a test.
    ask --header 'Content-Type: application/json' --data "${profile/,\"saved\":true/}" --output /dev/null "$PAGE/update-profile"
    test "$(ask "$PAGE/get-profile")" = "$profile"
    echo "the profile can be read and written"
fi
pipeline/on-server.sh bash -euc "'cd /srv/profile && mkdir -p good && cp .env compose.yaml good'"
