#!/usr/bin/env bash
# One test, in the very image that was built: the page has a heading.
set -euo pipefail
commit=$(git rev-parse HEAD)
docker run --rm "profile:$commit" grep '<h1>.*</h1>' /www/index.html
