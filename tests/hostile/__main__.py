"""The long run: ``python -m tests.hostile --examples 100000 [--door NAME] [--seed N] [--cores 2]``.

Draws a fresh seed unless one is given, and tries every door in rounds until so many inputs have been handed
over altogether, or Ctrl-C comes. Prints the inputs, the right answers, the refusals by class, and each
failure with what reproduces it. The exit code is 1 if anything failed.
"""

import argparse
import random
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress

from .running import DOORS, run
from .trying import Tally

ROUND = 200
"""Trials of a door in a round; a failure ends its round."""


def one_round(door, number, examples=ROUND):
    """The tally of a round, and its failure in words or an empty text."""
    tally = Tally()
    try:
        run(door, examples, number, tally)
    except Exception as error:
        notes = "\n".join(getattr(error, "__notes__", ()))
        again = f"python -m tests.hostile --door '{door}' --seed {number} --examples {examples} --once"
        return (
            tally,
            f"{door}: {type(error).__name__}: {str(error)[:1500]}\n{notes[:3000]}\nreproduced by: {again}",
        )
    return tally, ""


def rounds(doors, first):
    """Doors in turn, each round with a number of its own."""
    number = first
    while True:
        for door in doors:
            yield door, number
            number += 1


def report(tallies, failures, seconds, first):
    """The summary, door by door and altogether."""
    total = Tally()
    for door, tally in tallies.items():
        refused = sum(tally.refusals.values())
        print(f"{door:<30} {tally.inputs:>9,} inputs {tally.answers:>9,} answers {refused:>9,} refusals")
        total.add(tally)
    print(f"\n{total.inputs:,} inputs in {seconds:.0f} s from seed {first}: {total.answers:,} right answers")
    for name, count in total.refusals.most_common():
        print(f"  {name:<24} {count:>9,}")
    kinds = Counter(failure.partition("\n")[0][:200] for failure in failures)
    print(f"{len(failures)} failures of {len(kinds)} kinds")
    shown = set()
    for failure in failures:
        head = failure.partition("\n")[0][:200]
        if head not in shown:
            shown.add(head)
            print("\n" + failure)


def _count(text):
    """A whole number of at least 1."""
    if (count := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"{text} is too few: at least 1")
    return count


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m tests.hostile", description=__doc__.partition("\n")[0])
    parser.add_argument("--examples", type=_count, default=100_000, help="inputs altogether")
    parser.add_argument("--door", choices=sorted(DOORS), action="append", help="one door; may stand twice")
    parser.add_argument("--seed", type=int, help="that of the first round")
    parser.add_argument("--cores", type=_count, default=1, help="processes")
    parser.add_argument("--once", action="store_true", help="one round of --examples trials")
    options = parser.parse_args(arguments)
    first = random.SystemRandom().randrange(10**9) if options.seed is None else options.seed
    doors, begun = options.door or list(DOORS), time.monotonic()
    tallies, failures = {door: Tally() for door in doors}, []

    def note(door, tally, failure):
        tallies[door].add(tally)
        if failure:
            failures.append(failure)

    if options.once:
        for door in doors:
            note(door, *one_round(door, first, options.examples))
    else:
        pending = rounds(doors, first)
        with ProcessPoolExecutor(options.cores) as pool, suppress(KeyboardInterrupt):
            while sum(tally.inputs for tally in tallies.values()) < options.examples:
                batch = [next(pending) for _ in range(max(len(doors), options.cores))]
                found = pool.map(one_round, *zip(*batch, strict=True))
                for (door, _), (tally, failure) in zip(batch, found, strict=True):
                    note(door, tally, failure)
    report(tallies, failures, time.monotonic() - begun, first)
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
