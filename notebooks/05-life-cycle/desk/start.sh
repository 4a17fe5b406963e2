# Prepares something, then calls the clerk and waits for the end.
echo "the doors are open"
sh /desk/clerk.sh
echo "the doors are closed"
