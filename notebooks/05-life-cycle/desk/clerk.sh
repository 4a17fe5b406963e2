# Waits for work. On SIGTERM it puts its papers away and leaves.
trap 'echo "the papers are put away"; exit 0' TERM
echo "at the desk"
while :; do sleep 300 & wait $!; done
