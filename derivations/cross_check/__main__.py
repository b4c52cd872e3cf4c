"""``python -m derivations.cross_check``: a line for each formula; exit code 1 if one disagrees."""

import sys

from ..exit_status import exit_status
from .agreement import Comparison, compare
from .catalogue import AGREEMENTS


def main() -> int:
    """Compare all and print the differences."""
    print(f"{'formula':<14} {'entries':>7}  {'float64':>8}  {'exact':>8}  library")
    held = 0
    for agreement in AGREEMENTS:
        comparison = compare(agreement)
        held += comparison.agrees
        print(_line(comparison), flush=True)
    print(f"\n{held} of {len(AGREEMENTS)} formulas agree with the library")
    return 0 if held == len(AGREEMENTS) else 1


def _line(comparison: Comparison) -> str:
    errors = f"{comparison.float64:8.1e}  {comparison.exact:8.1e}"
    mark = "" if comparison.agrees else "  DISAGREES"
    agreement = comparison.agreement
    return f"{agreement.id:<14} {comparison.entries:>7}  {errors}  {agreement.call}{mark}"


if __name__ == "__main__":
    sys.exit(exit_status(main))
