"""``python -m derivations.cross_check``: a line for each formula; exit code 1 if one disagrees."""

import sys

from .agreement import Comparison, compare
from .catalogue import AGREEMENTS


def main() -> int:
    """Compare all and print the differences."""
    found = [compare(agreement) for agreement in AGREEMENTS]
    print(f"{'formula':<14} {'entries':>7}  {'float64':>8}  {'exact':>8}  library")
    for comparison in found:
        print(_line(comparison))
    held = sum(comparison.agrees for comparison in found)
    print(f"\n{held} of {len(found)} formulas agree with the library")
    return 0 if held == len(found) else 1


def _line(comparison: Comparison) -> str:
    errors = f"{comparison.float64:8.1e}  {comparison.exact:8.1e}"
    mark = "" if comparison.agrees else "  DISAGREES"
    agreement = comparison.agreement
    return f"{agreement.id:<14} {comparison.entries:>7}  {errors}  {agreement.call}{mark}"


if __name__ == "__main__":
    sys.exit(main())
