# Prepares something, then becomes the clerk.
echo "the doors are open"
exec sh /desk/clerk.sh
