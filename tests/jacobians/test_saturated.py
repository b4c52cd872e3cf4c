"""A saturated softmax beside every structure: the product agrees with the dense one in every entry.

J = diag(p) - p p^T of p = (1 - 2e, e, e, ..) has entries of very different sizes, so a gap is measured
against |A| |B| entry by entry: what rounding may do to a sum of these products, however small it is.
"""

import numpy as np
import pytest

from jacobprop.jacobians import KINDS, DiagonalPlusLowRankJacobian

from .market import PLAIN, SQUARE, Numbers, Sample, diagonal, low_rank

SHAPE = (2, 3)
SMALL = (1e-3, 1e-12, 1e-40, 1e-200)
TOLERANCE = 8 * 6 * 2.0**-53  # six terms, each a product of rounded factors


def saturated(cases, exact=True):
    """J^soft with one class almost certain; each case has another one, and is saturated more."""
    smalls = np.array(SMALL[: cases or 1])
    weights = np.repeat(smalls[:, None], 6, axis=1) * [1.0, 2.0, 0.5, 1.5, 3.0, 0.25]
    others = np.empty_like(weights)
    for case, weight in enumerate(weights):
        weight[case] = 0
        weight[case] = 1 - weight.sum()
        others[case] = [np.delete(weight, unit).sum() for unit in range(6)]
    reference = -weights[:, :, None] * weights[:, None, :]
    reference[:, range(6), range(6)] = weights * others
    p, o, reference = (array if cases else array[0] for array in (weights, others, reference))
    diagonal = p * o if exact else None
    J = DiagonalPlusLowRankJacobian(p, -p[..., None], p[..., None], diagonal=diagonal, shape=SHAPE)
    return Sample(J, reference, 0, SHAPE, SHAPE)


def check_entries(A, B):
    found, expected = (A.jacobian @ B.jacobian).matrix(), A.reference @ B.reference
    allowed = TOLERANCE * (np.abs(A.reference) @ np.abs(B.reference))
    assert found.shape == expected.shape
    assert (np.abs(found - expected) <= allowed).all(), (found - expected) / np.maximum(allowed, 5e-324)


def partners(kind, cases):
    """One of this kind to the right and one to the left, and with cases a shared one of each too."""
    for own in {cases, None}:
        yield "right", PLAIN[kind](Numbers(21), SHAPE, SHAPE if kind in SQUARE else (2, 3), own)
        yield "left", PLAIN[kind](Numbers(22), SHAPE if kind in SQUARE else (3,), SHAPE, own)


@pytest.mark.parametrize("cases", [None, 4])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_product_with_a_saturated_softmax(kind, cases):
    soft, compared = saturated(cases), 0
    for side, other in partners(kind, cases):
        A, B = (soft, other) if side == "right" else (other, soft)
        check_entries(A, B)
        compared += 1
    assert compared == 2 * len({cases, None})


@pytest.mark.parametrize("cases", [None, 4])
def test_two_saturated_softmaxes(cases):
    soft, plain = saturated(cases), low_rank(Numbers(23), SHAPE, SHAPE, cases, exact=True)
    for A, B in (
        (soft, soft),
        (soft, plain),
        (plain, soft),
        (soft, saturated(None)),
        (saturated(None), soft),
    ):
        check_entries(A, B)


def test_a_softmax_without_its_exact_diagonal_is_noticed():
    """p - p p loses the small entries of the certain class."""
    with pytest.raises(AssertionError):
        check_entries(saturated(4, exact=False), diagonal(Numbers(24), SHAPE, SHAPE, 4))
