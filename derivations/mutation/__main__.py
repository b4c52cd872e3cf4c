"""Delete one term after another and report which deletions no derivation notices.

With ``--indices``, neighbouring indices are exchanged too. That is reported apart, without a rate that has to
be reached: where an array is symmetric in two axes, or both have one entry, there is nothing to notice.
"""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Iterator, Sequence

from ..proof.checker import check
from .modules import Library, library
from .mutants import Kind, Mutant, mutants
from .report import Found, complaints, described, survivors, table
from .survivors import EXPLANATIONS
from .trials import Fate, fates


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when enough deleted terms are noticed and the others are explained, 1 when not, 2 for wrong usage."""
    options = _options(arguments)
    known = library()
    if unknown := [name for name in options.modules if not _named(known, [name])]:
        return _refused(f"no module {unknown[0]!r}; there are: {', '.join(known.trees)}")
    chosen = _named(known, options.modules or known.trees)
    if broken := _broken(known, chosen):
        return _refused(f"without any change these do not hold: {', '.join(broken)}")
    kinds: tuple[Kind, ...] = ("term", "index") if options.indices else ("term",)
    tried = [m for name in chosen for m in mutants(name, known.trees[name]) if m.kind in kinds]
    ended = dict(_counted(fates(tried, known, options.workers), len(tried)))
    found = {mutant: ended[mutant] for mutant in tried}
    wrong = list(complaints(found, EXPLANATIONS))
    print("\n".join(_page(found, kinds, options.list)))
    print("\n".join(wrong or ["every deleted term is noticed, or is explained as not needed"]))
    return 1 if wrong else 0


def _options(arguments: Sequence[str] | None) -> Namespace:
    parser = ArgumentParser(prog="python -m derivations.mutation", description=__doc__)
    parser.add_argument("modules", nargs="*", metavar="MODULE", help="mutate these alone, as in: twist")
    parser.add_argument("--list", action="store_true", help="print every survivor, explained or not")
    parser.add_argument("--indices", action="store_true", help="exchange neighbouring indices too")
    parser.add_argument(
        "--workers", type=int, default=2, choices=range(1, 65), metavar="N", help="processes at a time (2)"
    )
    return parser.parse_args(arguments)


def _refused(message: str) -> int:
    print(message, file=sys.stderr)
    return 2


def _named(known: Library, names: Iterable[str]) -> list[str]:
    """The modules with these names, written in full or from any dot on."""
    return [module for module in known.trees if any(f".{module}".endswith(f".{name}") for name in names)]


def _broken(known: Library, chosen: Sequence[str]) -> list[str]:
    affected = {d.id: d for module in chosen for d in known.derivations(module)}
    return [identity for identity, derivation in affected.items() if not check(derivation).holds]


def _counted(results: Iterator[tuple[Mutant, Fate]], total: int) -> Iterator[tuple[Mutant, Fate]]:
    for done, result in enumerate(results, 1):
        if sys.stderr.isatty():
            print(f"\r{done} of {total}", end="\n" if done == total else "", file=sys.stderr)
        yield result


def _page(found: Found, kinds: Sequence[Kind], everything: bool) -> Iterator[str]:
    for kind in kinds:
        yield from (*table(found, kind), "")
    if everything and (alive := survivors(found)):
        yield from (line for mutant in alive for line in described(mutant, EXPLANATIONS))
        yield ""


if __name__ == "__main__":
    sys.exit(main())
