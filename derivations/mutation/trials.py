"""A mutant is killed when a derivation no longer holds, when there is an error, or when it takes too long."""

import signal
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from importlib import reload
from multiprocessing import connection, get_context
from multiprocessing.context import ForkProcess
from typing import Literal

from ..proof.checker import check
from ..proof.derivation import Derivation
from .modules import Library
from .mutants import Mutant

Fate = Literal["survived", "refuted", "error", "timeout"]

LIMIT = 60  # seconds of its own, however busy the machine is
FATES: dict[int | None, Fate] = {0: "survived", 1: "refuted", 2: "error", -signal.SIGVTALRM: "timeout"}


def fates(mutants: Iterable[Mutant], library: Library, workers: int) -> Iterator[tuple[Mutant, Fate]]:
    """What becomes of each mutant, in the order in which they end.

    Each is tried in a forked process of its own, so that no changed module is ever seen by another.
    """
    waiting, running = iter(mutants), dict[int, tuple[ForkProcess, Mutant]]()
    while True:
        while len(running) < workers and (mutant := next(waiting, None)):
            process = get_context("fork").Process(target=_try, args=(mutant, library), daemon=True)
            process.start()
            running[process.sentinel] = (process, mutant)
        if not running:
            return
        ended = connection.wait(list(running))
        for process, mutant in [running.pop(sentinel) for sentinel in list(running) if sentinel in ended]:
            process.join()
            yield mutant, FATES.get(process.exitcode, "error")


def _try(mutant: Mutant, library: Library) -> None:
    signal.setitimer(signal.ITIMER_VIRTUAL, LIMIT)  # nothing handles its signal, which ends the process
    try:
        install(mutant, library)
        affected = sorted(library.derivations(mutant.module), key=lambda d: not _shows(d, mutant))
        claims = (replace(derivation, wrong=()) for derivation in affected)  # the sooner to fail
        sys.exit(0 if all(check(d).holds for d in (*claims, *affected)) else 1)
    except Exception:
        sys.exit(2)


def _shows(derivation: Derivation, mutant: Mutant) -> bool:
    """Whether the changed formula stands in a derivation as it is, which is then the first to be checked."""
    formula = getattr(sys.modules[mutant.module], mutant.place, None)
    sides = (side for step in derivation.steps for side in (step.lhs, step.rhs))
    return derivation.id == mutant.place or any(part is formula for side in sides for part in side.walk())


def install(mutant: Mutant, library: Library) -> None:
    """Execute the changed module, then all that import from it; they stay changed in this process."""
    changed = compile(mutant.applied(library.trees[mutant.module]), mutant.module, "exec")
    exec(changed, vars(sys.modules[mutant.module]))  # noqa: S102  (a module of ours, one term shorter)
    for name in library.reading(mutant.module):
        reload(sys.modules[name])
