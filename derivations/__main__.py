"""``python -m derivations``."""

import sys

from .command import main
from .exit_status import exit_status

if __name__ == "__main__":
    sys.exit(exit_status(main))
