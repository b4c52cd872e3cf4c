"""Canonical names, the slides' letters, and symbols made of either."""

import numpy as np
import pytest

import jacobprop as jp
from jacobprop.errors import UnknownNameError


def net(**letters):
    layers = [jp.Dense(4, 3, "sigmoid"), jp.Dense(3, 2), jp.Softmax()]
    return jp.Network(layers, jp.CrossEntropy(), **letters)


def record(**letters):
    return net(**letters).forward(np.ones((5, 4)), [0, 1, 0, 1, 1])


def test_symbols_with_canonical_names():
    r = record()
    assert r.chain("L", "W1").symbols == ("J_a3^L", "J^soft", "J_a1^a2", "J_W1^a1")
    assert r.chain("a3", "a0").symbols == ("J^soft", "J_a1^a2", "J_a0^a1")
    assert r.chain("L", "b2").symbols == ("J_a3^L", "J^soft", "J_b2^a2")
    assert r.chain("z2", "W2").symbols == ("J_W2^z2",)
    assert r.jacobian("L", "W1").symbol == "J_W1^L"
    assert r.J_N.symbol == "J_a3^L"
    assert {r.layer(1).J_Y.symbol, r.layer(1).J_W.symbol, r.layer(1).J_b.symbol} == {
        "J_a0^a1",
        "J_W1^a1",
        "J_b1^a1",
    }
    assert r.layer(1).J_Sum.symbol == "J_Sum^a1"
    assert r.layer(3).J_soft.symbol == "J^soft"


@pytest.mark.seed("D-40", "D-55", "D-65")
def test_symbols_with_the_slides_letters():
    r = record(names="X Y Z S", weights="V W")
    assert r.chain("L", "V").symbols == ("J_S^L", "J^soft", "J_Y^Z", "J_V^Y")
    assert r.chain("S", "X").symbols == ("J^soft", "J_Y^Z", "J_X^Y")
    assert r.jacobian("Z", "V").symbol == "J_V^Z"
    assert r.layer(1).J_W.symbol == "J_V^Y"
    assert r.layer(1).J_Sum.symbol == "J_Sum^Y"
    assert r.layer(2).J_Y.symbol == "J_Y^Z"
    assert repr(r.chain("L", "V")) == "<Chain J_S^L . J^soft . J_Y^Z . J_V^Y>"
    assert r.jacobian("z1", "V").symbol == "J_V^Sum_Y"


@pytest.mark.parametrize(
    ("letter", "canonical"),
    [
        ("X", "a0"),
        ("Y", "a1"),
        ("Z", "a2"),
        ("S", "a3"),
        ("Sum_Y", "z1"),
        ("V", "W1"),
        ("W", "W2"),
        ("b1", "b1"),
    ],
)
def test_look_ups_take_letters_and_canonical_names(letter, canonical):
    r = record(names="X Y Z S", weights="V W")
    by_letter, by_name = r.jacobian("L", letter), r.jacobian("L", canonical)
    assert by_letter.symbol == by_name.symbol == f"J_{letter}^L"
    assert np.array_equal(by_letter.tensor(), by_name.tensor())
    assert r.chain("L", letter).symbols == r.chain("L", canonical).symbols


def test_keys_are_always_canonical():
    r = record(names="X Y Z S", weights="V W")
    assert list(r.gradients()) == ["W1", "b1", "W2", "b2"]
    assert list(r.jacobians("S")) == ["W1", "b1", "W2", "b2", "a0"]
    assert list(r.jacobians("Y")) == ["W1", "b1", "a0"]
    assert list(net(names="X Y Z S").parameters) == ["W1", "b1", "W2", "b2"]
    changed = net(weights="V W").with_parameters({"V": np.zeros((4, 3)), "b2": [1.0, 2.0]})
    assert not changed.parameters["W1"].any()
    assert changed.parameters["b2"].tolist() == [1.0, 2.0]


def test_letters_may_come_as_a_list():
    r = record(names=["in", "hidden", "logits", "out"], weights=["first", "second"])
    assert r.jacobian("out", "first").symbol == "J_first^out"


@pytest.mark.parametrize(
    "letters",
    [
        {"names": "X Y Y S"},
        {"names": "X Y Z L"},
        {"names": "t Y Z S"},
        {"names": "X J Z S"},
        {"names": "X a2 Z S"},
        {"names": "X b1 Z S"},
        {"names": "X Y Z S", "weights": "V X"},
        {"weights": "V V"},
        {"weights": "W2 W1"},
        {"names": "X Sum_Z Z S"},
        {"names": ["X", "", "Z", "S"]},
        {"names": ["X", "Y Y", "Z", "S"]},
        {"names": "X Y Sum S"},
    ],
    ids=str,
)
def test_collisions_are_refused(letters):
    with pytest.raises(UnknownNameError) as caught:
        net(**letters)
    text = str(caught.value)
    assert text.startswith("Network(names=, weights=): a letter is taken, or is none; got ")
    assert "expected different words, none of them L, t, J, Sum, soft or a canonical name" in text
    assert 'names="X Y Z", weights="V W"' in text


def test_a_letter_may_repeat_its_own_canonical_name():
    r = record(names="a0 Y a2 S", weights="W1 Q")
    assert r.chain("a2", "W1").symbols == ("J_Y^a2", "J_W1^Y")


@pytest.mark.parametrize(
    ("letters", "what", "got", "expected"),
    [
        ({"names": "X Y Z"}, "names", "3 in 'X Y Z'", "4"),
        ({"names": ""}, "names", "0 in ''", "4"),
        ({"weights": "V"}, "weights", "1 in 'V'", "2"),
        ({"weights": ["U", "V", "W"]}, "weights", "3 in 'U V W'", "2"),
    ],
)
def test_every_variable_needs_its_letter(letters, what, got, expected):
    with pytest.raises(UnknownNameError) as caught:
        net(**letters)
    text = str(caught.value)
    assert f"Network({what}=): {what} needs one letter for each; got {got}, expected {expected}. " in text
    assert "the input and every layer, weightless ones too; weights: every layer with a W." in text


def test_weights_name_only_layers_that_have_a_w():
    class Gain(jp.Layer):
        def init(self, rng, dtype):
            return {"C": np.ones(3, dtype)}

        def forward(self, params, inputs):
            return inputs[0] * params["C"], (inputs[0], params["C"])

        def factors(self, params, cache):
            y, C = cache
            return {-1: jp.DiagonalJacobian(np.broadcast_to(C, y.shape)), "C": jp.DiagonalJacobian(y)}

    layers = [jp.Dense(4, 3), Gain(), jp.Dense(3, 2)]
    r = jp.Network(layers, names="X Y Z S", weights="V W").forward(np.ones((2, 4)))
    assert r.jacobian("S", "C2").symbol == "J_C2^S"
    assert r.chain("S", "V").symbols == ("J_Z^S", "J_Y^Z", "J_V^Y")


def test_an_unknown_name_is_answered_with_a_near_one():
    with pytest.raises(UnknownNameError) as caught:
        record(names="X Y Z S", weights="V W").jacobian("L", "W3")
    text = str(caught.value)
    assert text.startswith("record.jacobian: unknown name; got 'W3', expected one of L, a3, z3, a2, ")
    assert text.endswith("Did you mean 'W'?")
    with pytest.raises(KeyError):
        record().jacobian("a9", "a0")
    with pytest.raises(UnknownNameError, match="a0 is the input"):
        record().jacobian("L", "qq")


def test_a_long_list_of_names_is_shortened():
    deep = jp.Network([jp.Dense(1, 1) for _ in range(200)])
    with pytest.raises(UnknownNameError) as caught:
        deep.forward(np.ones(1)).jacobian("?", "a0")
    assert len(str(caught.value)) < 400
    assert ", ...," in str(caught.value)
