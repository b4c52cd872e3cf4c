"""Whatever is wrong with an argument, the error names the class and that argument."""

import numpy as np
import pytest

from jacobprop.errors import DTypeError, EmptyBatchError, OptionError, ShapeError
from jacobprop.jacobians import (
    DenseJacobian,
    DiagonalJacobian,
    DiagonalPlusLowRankJacobian,
    IdentityJacobian,
    JacobianTensor,
    ScaledJacobian,
    WeightJacobian,
)

ONES = {
    (DiagonalJacobian, "d"): (3,),
    (DiagonalPlusLowRankJacobian, "d"): (3,),
    (DiagonalPlusLowRankJacobian, "U"): (3, 2),
    (DiagonalPlusLowRankJacobian, "V"): (3, 2),
    (DiagonalPlusLowRankJacobian, "diagonal"): (3,),
    (ScaledJacobian, "rows"): (3,),
    (ScaledJacobian, "shared"): (3, 2),
    (ScaledJacobian, "columns"): (2,),
    (DenseJacobian, "array"): (3, 2),
    (WeightJacobian, "left"): (3, 2),
    (WeightJacobian, "y"): (4,),
}
WORDS = {
    (ScaledJacobian, "shared"): "ScaledJacobian: the shared matrix",
    (DenseJacobian, "array"): "DenseJacobian: the array",
    (WeightJacobian, "left"): "DenseJacobian: the array",  # a plain left becomes a dense one
}


def arguments(kind):
    """An array of ones for every array that this class takes."""
    return {name: np.ones(shape) for (other, name), shape in ONES.items() if other is kind}


def words(kind, name):
    return WORDS.get((kind, name), f"{kind.__name__}: {name}")


@pytest.mark.parametrize(("kind", "name"), list(ONES), ids=lambda part: getattr(part, "__name__", part))
def test_an_array_of_another_kind_is_named(kind, name):
    good = arguments(kind)
    kind(**good)
    for wrong, what in ((complex, "complex128"), (bool, "bool")):
        with pytest.raises(DTypeError) as caught:
            kind(**{**good, name: good[name].astype(wrong)})
        assert str(caught.value).startswith(f"{words(kind, name)} does not hold real numbers; got {what}")
    with pytest.raises(DTypeError) as caught:
        kind(**{**good, name: [[1.0, 2.0], [3.0]]})
    assert str(caught.value).startswith(
        f"{words(kind, name)} is not a rectangular array of numbers; got list"
    )


def test_the_array_of_a_tensor_is_named():
    with pytest.raises(DTypeError, match=r"^JacobianTensor: the array does not hold real numbers"):
        JacobianTensor(np.ones((3, 2), complex), (3,), (2,), "numerator")


SHAPES = {
    DiagonalJacobian: ("shape",),
    DiagonalPlusLowRankJacobian: ("shape",),
    ScaledJacobian: ("out_shape", "in_shape"),
    DenseJacobian: ("out_shape", "in_shape"),
}


@pytest.mark.parametrize("kind", list(SHAPES), ids=lambda kind: kind.__name__)
def test_a_shape_is_named(kind):
    for name in SHAPES[kind]:
        with pytest.raises(ShapeError) as unfit:
            kind(**arguments(kind), **{name: (5, 7)})
        width = 2 if name == "in_shape" else 3
        assert str(unfit.value) == (
            f"{kind.__name__}: {name} does not fit the array; got (5, 7), "
            f"expected a shape with {width} entries. Leave {name} out for ({width},)."
        )
        with pytest.raises(OptionError) as fraction:
            kind(**arguments(kind), **{name: (1.5, 2)})
        assert str(fraction.value).startswith(
            f"{kind.__name__}: each length in {name} must be a whole number"
        )


@pytest.mark.parametrize("kind", [*SHAPES, IdentityJacobian], ids=lambda kind: kind.__name__)
def test_a_stack_of_no_cases_is_named(kind):
    given = arguments(kind) or {"shape": 3}
    with pytest.raises(EmptyBatchError) as caught:
        kind(**given, cases=0)
    assert str(caught.value).startswith(f"{kind.__name__}: a stack of no cases; got 0 in cases")


def test_what_is_made_has_no_name_yet():
    made = [kind(**arguments(kind)) for kind in dict.fromkeys(kind for kind, _ in ONES)]
    assert {J.symbol for J in (*made, IdentityJacobian(3))} == {""}
