"""A dry run of ``python -m tests.endurance``, and leaks that it must see."""

import numpy as np

from tests import endurance


def test_a_short_run_leaks_nothing_and_changes_nothing():
    assert endurance.endure(0, workers=2, size=0.005, say=lambda line: None) == []


def test_a_leak_is_seen(monkeypatch):
    kept = []
    monkeypatch.setattr(endurance, "one_round", lambda size, workers: kept.append(np.ones(2**18)) or {})
    wrong = endurance.endure(0, say=lambda line: None)
    assert any("Python memory grew" in sentence for sentence in wrong)


def test_other_bits_are_seen(monkeypatch):
    numbers = iter(range(9))
    monkeypatch.setattr(endurance, "one_round", lambda size, workers: {"chain": next(numbers)})
    assert "round 0: chain differs" in endurance.endure(0, say=lambda line: None)


def test_a_changed_state_is_seen(monkeypatch):
    old = np.geterr()
    monkeypatch.setattr(endurance, "one_round", lambda size, workers: np.seterr(under="warn") and {})
    try:
        assert endurance.endure(0, say=lambda line: None) == ["errstate changed"]
    finally:
        np.seterr(**old)
