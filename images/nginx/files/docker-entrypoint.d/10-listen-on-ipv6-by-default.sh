#!/bin/sh
# Listen on IPv6 too where the kernel has it; a default.conf that somebody changed or mounted stays as it is.
set -eu
conf=/etc/nginx/conf.d/default.conf

[ -f /proc/net/if_inet6 ] && [ -w "$conf" ] || exit 0
grep -q '^    listen       80;$' "$conf" || exit 0
grep -q '\[::\]' "$conf" && exit 0
sed -i 's/^    listen       80;$/&\n    listen  [::]:80;/' "$conf"
