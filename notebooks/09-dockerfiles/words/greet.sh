# Says the first of the sorted words, and where it runs.
echo "$(head -n 1 sorted.txt), from $(pwd)"
