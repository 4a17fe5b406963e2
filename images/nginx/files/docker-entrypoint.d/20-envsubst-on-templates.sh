#!/bin/sh
# Fill in the variables of /etc/nginx/templates/NAME.conf.template and write /etc/nginx/conf.d/NAME.conf.
set -eu
templates=${NGINX_ENVSUBST_TEMPLATE_DIR:-/etc/nginx/templates}
output=${NGINX_ENVSUBST_OUTPUT_DIR:-/etc/nginx/conf.d}

[ -d "$templates" ] || exit 0
# Only names that are set: nginx's own $uri and $host must come through.
names=$(env | cut -d= -f1 | sed 's/.*/${&}/' | tr '\n' ' ')
find "$templates" -type f -name '*.template' | while read -r template; do
    name=${template#"$templates/"}
    target="$output/${name%.template}"
    mkdir -p "$(dirname "$target")"
    envsubst "$names" < "$template" > "$target"
done
