"""Make prices.json of prices.csv, with a stamp that only the owner of the key can make: stamp.py KEYFILE."""

import csv
import hashlib
import hmac
import json
import sys
from pathlib import Path

prices = Path("prices.csv").read_text()
key = Path(sys.argv[1]).read_text().strip()
stamp = hmac.new(key.encode(), prices.encode(), hashlib.sha256).hexdigest()
goods = {row["what"]: row["price"] for row in csv.DictReader(prices.splitlines())}
Path("prices.json").write_text(json.dumps({"goods": goods, "stamp": stamp}))
