#!/bin/bash
# As in the official image: wait a while for the database, then start mongo-express.
set -eo pipefail

if [ "$1" != mongo-express ]; then
    exec "$@"
fi

# Where the database is: ME_CONFIG_MONGODB_SERVER and _PORT, else what the connection string says.
url=${ME_CONFIG_MONGODB_URL#*://}
place=${url##*@}
place=${place%%[/,?]*}
host=${ME_CONFIG_MONGODB_SERVER:-${place%%:*}}
host=${host%%,*}
case $place in
    *:*) port=${place##*:} ;;
esac
port=${ME_CONFIG_MONGODB_PORT:-${port:-27017}}

echo "Waiting for $host:$port..."
for try in 1 2 3 4 5 6 7 8 9 10; do
    if (exec 3<> "/dev/tcp/$host/$port") 2> /dev/null; then
        break
    fi
    echo "$(date) retrying to connect to $host:$port ($try/10)"
    sleep 1
done
exec node app
