"""Each formula proved for all sizes is what the library returns: on floats, and on exact numbers."""

from dataclasses import replace

import numpy as np
import pytest
import sympy as sp

import jacobprop as jp
from derivations import all_sizes
from derivations.cross_check import __main__ as command
from derivations.cross_check.agreement import Agreement, compare
from derivations.cross_check.catalogue import AGREEMENTS, WITHOUT_A_CALL

BY_ID = {agreement.id: agreement for agreement in AGREEMENTS}


@pytest.mark.parametrize("agreement", AGREEMENTS, ids=lambda a: a.id)
def test_the_library_returns_the_proved_formula(agreement: Agreement) -> None:
    found = compare(agreement)
    assert found.float64 <= 32 * np.finfo(float).eps
    assert found.exact <= 1e-45
    assert found.agrees


def test_every_formula_for_all_sizes_is_compared_or_has_no_counterpart() -> None:
    proved = {d.id for d in all_sizes.DERIVATIONS}
    assert len(BY_ID) == len(AGREEMENTS) >= 50
    assert set(BY_ID) | set(WITHOUT_A_CALL) == proved
    assert not set(BY_ID) & set(WITHOUT_A_CALL)


def wrong(name: str, library) -> Agreement:
    return replace(BY_ID[name], library=library)


@pytest.mark.parametrize(
    "agreement",
    [
        wrong("J_Y_Z", lambda x: BY_ID["J_Y_Z"].library(x).tensor() * (1 + 1e-13)),
        wrong("J_W_Z", lambda x: BY_ID["J_W_Z"].library(x).tensor()[:, ::-1]),
        wrong("J_W_hat", lambda x: BY_ID["J_W_hat"].library(x).T),
        wrong("batch_mean", BY_ID["batch_W"].library),
        wrong("J_soft", lambda x: sp.Integer(1) * np.diagonal(BY_ID["J_soft"].library(x).tensor())),
        wrong("soft_pull", lambda x: BY_ID["J_soft"].library(x).pull(x["g"]) + x["g"] * 0 + 1),
        wrong("low_low", lambda x: jp.DiagonalJacobian(x["diag"]) @ jp.DiagonalJacobian(x["diag'"])),
    ],
    ids=lambda a: a.id,
)
def test_a_wrong_library_is_seen(agreement: Agreement) -> None:
    assert not compare(agreement).agrees


def test_the_command_takes_them_all() -> None:
    assert command.AGREEMENTS is AGREEMENTS


@pytest.mark.parametrize(("factor", "held", "marks"), [(1, 2, 0), (1 + 1e-13, 1, 1)], ids=["right", "wrong"])
def test_the_command_prints_a_line_for_each_formula(factor, held, marks, capsys, monkeypatch) -> None:
    second = wrong("J_Y_Z", lambda x: BY_ID["J_Y_Z"].library(x).tensor() * factor)
    monkeypatch.setattr(command, "AGREEMENTS", (BY_ID["J_W_Z"], second))
    assert command.main() == marks
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines if line] == ["formula", "J_W_Z", "J_Y_Z", str(held)]
    assert lines[-1] == f"{held} of 2 formulas agree with the library"
    assert "DISAGREES" not in lines[1]
    assert lines[2].count("DISAGREES") == marks
