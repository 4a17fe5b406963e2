"""Says hello from where it stands."""

import os
from pathlib import Path

print(os.environ["GREETING"], "from", Path.cwd())
