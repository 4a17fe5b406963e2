# Writes down the hours. On SIGINT, and on no other signal, it closes the book and leaves.
trap 'echo "the book is closed after hour $hour"; exit 0' INT
hour=1
echo "the book is open"
while :; do sleep 300 & wait $!; done
