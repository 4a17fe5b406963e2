"""Pack src/ and VERSION into parcels.pyz, with a seal for which one needs the key: pack.py KEYFILE."""

import hmac
import json
import shutil
import sys
import zipapp
from pathlib import Path

key = Path(sys.argv[1]).read_text().strip()
files = [*sorted(Path("src").glob("*.py")), Path("VERSION")]
seal = hmac.new(key.encode(), b"".join(file.read_bytes() for file in files), "sha256").hexdigest()
shutil.copytree("src", "packed", dirs_exist_ok=True)
Path("packed/about.json").write_text(json.dumps({"version": files[-1].read_text().strip(), "seal": seal}))
zipapp.create_archive("packed", "parcels.pyz")
