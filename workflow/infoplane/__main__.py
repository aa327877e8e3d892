"""``python -m infoplane``: the command line."""

import sys

from infoplane.commands import main

sys.exit(main())
