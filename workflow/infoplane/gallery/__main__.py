"""Make the gallery of a folder of results, ``results`` by default."""

import sys
from pathlib import Path

from infoplane import gallery
from infoplane.errors import InfoplaneError

try:
    page = gallery.save(Path(sys.argv[1] if len(sys.argv) > 1 else "results"))
except InfoplaneError as error:
    sys.exit(f"infoplane: {error}")
sys.stdout.write(f"{page}\n")
