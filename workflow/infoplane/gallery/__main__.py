"""Make the gallery of a folder of results: one page with every figure of every experiment, and its settings."""

import argparse
import sys
from pathlib import Path

from infoplane import gallery
from infoplane.errors import InfoplaneError

parser = argparse.ArgumentParser(prog="python -m infoplane.gallery", description=__doc__)
parser.add_argument("results", nargs="?", type=Path, default=Path("results"), help="the folder; default: results")
try:
    page = gallery.save(parser.parse_args().results)
except InfoplaneError as error:
    sys.exit(f"infoplane: {error}")
sys.stdout.write(f"{page}\n")
