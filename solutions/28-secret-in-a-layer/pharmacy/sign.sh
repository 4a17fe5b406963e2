# sign.sh KEY RECIPE: the signature of a recipe
cat "$1" "$2" | sha256sum | cut -d ' ' -f 1
