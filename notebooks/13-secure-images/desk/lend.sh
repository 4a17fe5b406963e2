# Notes one more loan, and shows all of today.
echo "a chart of the harbour" >> loans/today.txt
cat loans/today.txt
