# The shelf: a Redis that asks for a password and keeps every book on disk. It has to be dusted first.
if [ -n "$SHELF_PASSWORD_FILE" ]; then SHELF_PASSWORD=$(cat "$SHELF_PASSWORD_FILE"); fi
echo "dusting"
sleep 3
exec redis-server - <<END
requirepass $SHELF_PASSWORD
appendonly yes
dir /data
END
