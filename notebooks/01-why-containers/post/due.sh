# An invoice of 31 January is due 30 days later.
set -e
due=$(date -d '2026-01-31 +30 days' +%F)
echo "please pay before $due"
