"""Every door, tried a few times; and doors behind which something is wrong, which must be seen."""

import warnings

import numpy as np
import pytest

import jacobprop as jp

from . import __main__ as long_run
from .running import DOORS, run

EXAMPLES = 25


@pytest.mark.parametrize("door", DOORS)
def test_hostile_input_is_answered_rightly_or_refused(door):
    tally = run(door, EXAMPLES)
    assert tally.inputs >= EXAMPLES // 2


def _leaking(J, x):
    warnings.warn("numpy complains", RuntimeWarning, stacklevel=2)
    return PUSH(J, x)


def _writing(J, x):
    pushed = PUSH(J, x)
    if isinstance(x, np.ndarray) and x.flags.writeable:
        x[...] = 0
    return pushed


def _failing(J, x):
    raise ZeroDivisionError("of somebody else")


PUSH = jp.Jacobian.push
WRONG = {
    "a wrong number": (lambda J, x: PUSH(J, x) * J.dtype.type(1.5), AssertionError, "bound"),
    "a nan become finite": (lambda J, x: np.nan_to_num(PUSH(J, x)), AssertionError, "finite|bound"),
    "a foreign error": (_failing, ZeroDivisionError, "somebody else"),
    "a warning": (_leaking, RuntimeWarning, "complains"),
    "an argument written into": (_writing, AssertionError, "an argument has changed"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_is_seen(wrong, monkeypatch):
    push, error, words = WRONG[wrong]
    monkeypatch.setattr(jp.Jacobian, "push", push)
    with pytest.raises(error, match=words):
        run("Jacobian maps", 1000, 1, shrink=False)


def test_a_refusal_of_what_is_right_is_seen(monkeypatch):
    def refuse(J, x):
        raise jp.errors.ShapeError("no")

    monkeypatch.setattr(jp.Jacobian, "push", refuse)
    with pytest.raises(AssertionError, match="refused: True, to be refused: False"):
        run("Jacobian maps", 1000, 1, shrink=False)


def test_a_wrong_gradient_is_seen(monkeypatch):
    right = jp.Record.gradients
    monkeypatch.setattr(jp.Record, "gradients", lambda r: {n: 1.001 * g + 0.01 for n, g in right(r).items()})
    with pytest.raises(AssertionError):
        run("gradients", 1000, 1, shrink=False)


def test_the_long_run_counts_and_reports(capsys, monkeypatch):
    assert long_run.main(["--examples", "40", "--door", "plan", "--seed", "3", "--once"]) == 0
    assert "inputs in" in capsys.readouterr().out

    def refuse(*arguments):
        raise KeyError("of somebody else")

    monkeypatch.setattr(jp, "plan", refuse)
    assert long_run.main(["--examples", "40", "--door", "plan", "--seed", "3", "--once"]) == 1
    shown = capsys.readouterr().out
    assert "1 failures of 1 kinds" in shown
    assert "plan: KeyError: 'of somebody else'" in shown
    assert "reproduced by: python -m tests.hostile --door 'plan' --seed 3 --examples 40 --once" in shown
