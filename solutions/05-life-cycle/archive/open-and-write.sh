# Opens the archive, then lets the scribe write.
echo "the archive is open"
sh /archive/scribe.sh
