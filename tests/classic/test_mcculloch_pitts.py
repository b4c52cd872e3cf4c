"""Neurons of McCulloch and Pitts: truth tables one unit of time late, inhibition, loops, composition."""

import itertools
import pickle

import numpy as np
import pytest

import jacobprop as jp
from jacobprop.classic import McCullochPitts, MPNeuron

N1, N2 = [0, 0, 1, 1], [0, 1, 0, 1]
UNITS = {
    "or": (MPNeuron(["N1", "N2"], threshold=1), [0, 1, 1, 1]),
    "and": (MPNeuron(["N1", "N2"], threshold=2), [0, 0, 0, 1]),
    "and not": (MPNeuron(["N1"], ["N2"]), [0, 0, 1, 0]),
}


@pytest.mark.seed("S-27", "H-07", "H-09")
@pytest.mark.parametrize("name", UNITS)
def test_the_three_units_of_the_slide_with_their_unit_delay(name):
    """N3(t) = N1(t-1) or / and / and not N2(t-1), for all four pairs in every order of time."""
    unit, table = UNITS[name]
    net = McCullochPitts({"N3": unit})
    assert net.inputs == ("N1", "N2")
    for order in itertools.permutations(range(4)):
        n1, n2 = [N1[k] for k in order], [N2[k] for k in order]
        n3 = net.run({"N1": n1, "N2": n2})["N3"]
        assert n3.tolist() == [0, *(table[k] for k in order)]


@pytest.mark.seed("S-27", "H-06")
def test_inhibition_is_absolute_whatever_the_excitation():
    sources = [f"e{k}" for k in range(9)]
    unit = MPNeuron(sources, ["i", "j"], threshold=1, weights=[100.0] * 9)
    everything = dict.fromkeys(sources, 1)
    assert unit.fires(everything | {"i": 0, "j": 0})
    assert not unit.fires(everything | {"i": 1, "j": 0})
    assert not unit.fires(everything | {"i": 0, "j": 1})
    weighed = MPNeuron([*sources, "i"], threshold=1, weights=[*[100.0] * 9, 1e-3])
    assert weighed.fires(everything | {"i": 1})


@pytest.mark.seed("S-27", "H-06")
def test_all_or_none_at_the_threshold_and_weights():
    unit = MPNeuron(["a", "b", "c"], threshold=2.5, weights=[2, 1.5, 0.5])
    for a, b, c in itertools.product([0, 1], repeat=3):
        assert unit.fires({"a": a, "b": b, "c": c}) == (2 * a + 1.5 * b + 0.5 * c >= 2.5)
    twice = MPNeuron(["a", "a", "b"], threshold=2)
    assert twice.fires({"a": 1, "b": 0})
    assert not twice.fires({"a": 0, "b": 1})
    assert McCullochPitts({"n": unit}).run({"a": [1], "b": [1], "c": [1]})["n"].tolist() == [0, 1]


@pytest.mark.seed("S-27", "H-08")
def test_a_loop_remembers():
    """One unit that listens to itself: once on it stays on, until it is inhibited."""
    latch = McCullochPitts({"memory": MPNeuron(["set", "memory"], ["reset"])})
    course = latch.run({"set": [0, 1, 0, 0, 0, 0, 0], "reset": [0, 0, 0, 0, 1, 0, 0]})
    assert course["memory"].tolist() == [0, 0, 1, 1, 1, 0, 0, 0]
    alone = McCullochPitts({"memory": MPNeuron(["memory"])})
    assert alone.run(steps=50, start=["memory"])["memory"].all()
    assert not alone.run(steps=50)["memory"].any()
    ring = McCullochPitts({"a": MPNeuron(["b"]), "b": MPNeuron(["a"])})  # Kubie's closed loop
    assert ring.run(steps=5, start=["a"])["a"].tolist() == [1, 0, 1, 0, 1, 0]


@pytest.mark.seed("S-27", "H-08")
def test_there_is_no_learning():
    with pytest.raises(NotImplementedError, match="has no learning rule") as caught:
        McCullochPitts({"N3": UNITS["or"][0]}).fit(np.zeros((4, 2)), N1)
    assert isinstance(caught.value, jp.errors.UnsupportedLayerError)


@pytest.mark.seed("S-27", "H-07")
def test_any_boolean_function_is_composed_of_them():
    """All 256 functions of three inputs, by their minterms: two levels, two units of time."""
    inputs = list(itertools.product([0, 1], repeat=3))
    series = {name: [row[k] for row in inputs] for k, name in enumerate("abc")}
    for table in itertools.product([0, 1], repeat=8):
        neurons = {}
        for row, on in zip(inputs, table, strict=True):
            if on:
                yes = [name for name, bit in zip("abc", row, strict=True) if bit]
                no = [name for name, bit in zip("abc", row, strict=True) if not bit]
                neurons[f"minterm {row}"] = MPNeuron(yes, no, threshold=len(yes))
        neurons["f"] = MPNeuron(list(neurons), threshold=1)
        given = {name: [*values, 0] for name, values in series.items()}
        net = McCullochPitts(neurons)
        course = net.run({name: given[name] for name in net.inputs}, steps=None if any(table) else 9)
        assert course["f"][2:].tolist() == list(table)


@pytest.mark.seed("H-07", "H-09")
def test_every_level_costs_one_unit_of_time():
    """XOR as (a and not b) or (b and not a): two late."""
    net = McCullochPitts(
        {"left": MPNeuron(["a"], ["b"]), "right": MPNeuron(["b"], ["a"]), "xor": MPNeuron(["left", "right"])}
    )
    course = net.run({"a": [*N1, 0], "b": [*N2, 0]})
    assert course["xor"].tolist() == [0, 0, 0, 1, 1, 0]
    assert course["left"].tolist() == [0, 0, 0, 1, 0, 0]


def test_values_are_kept_apart():
    unit = UNITS["and not"][0]
    net = McCullochPitts({"N3": unit})
    net.neurons.clear()
    assert net.neurons == {"N3": unit}
    assert unit == MPNeuron(("N1",), ("N2",), 1)
    assert unit.sources == ("N1", "N2")
    with pytest.raises(ValueError, match="read-only"):
        net.run({"N1": [1], "N2": [0]})["N3"][0] = 1
    again = pickle.loads(pickle.dumps(net))  # noqa: S301  (our own bytes)
    assert again.run({"N1": N1, "N2": N2})["N3"].tolist() == [0, 0, 0, 1, 0]
    assert repr(net) == "<McCullochPitts: 1 neurons, 2 inputs>"
