"""The command line's door: `jacobprop` and `python -m jacobprop`."""

import sys
from collections.abc import Callable
from typing import Any

program: Callable[..., Any] | None
try:
    from .cli.program import program
except ModuleNotFoundError as missing:
    if (missing.name or "").partition(".")[0] not in ("click", "rich"):
        raise
    program = None
except KeyboardInterrupt:  # the command line has not loaded yet, which else ends Ctrl-C in one word
    sys.exit(130)


def main() -> int:
    """Run the command line, or say in one line what it needs."""
    if program is None:
        print('jacobprop: the command line needs: pip install "jacobprop[cli]"', file=sys.stderr)
        return 2
    program(prog_name="jacobprop")
    return 0


if __name__ == "__main__":
    sys.exit(main())
