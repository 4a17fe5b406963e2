# bash records.sh EVENT CONTAINER CONTAINER: what each database has stored, as soon as it answers.
ask='db.users.findOne({}, {_id: 0, name: 1})'
record_of() {
  until docker exec "$1" mongosh --quiet user-account --eval "$ask" 2> /dev/null; do
    ((SECONDS < 120)) || exit 1
  done
}
unnamed=$(record_of "$2")
named=$(record_of "$3")
echo "no volume named: $unnamed"
echo "a named volume:  $named"
echo "\"$1\",$unnamed,$named" >> 10-volumes/work/survival.csv
