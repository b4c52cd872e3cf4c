"""Induction over the layers: one function states the claim, for the layer at hand and for its neighbour."""

from collections.abc import Callable
from dataclasses import dataclass

import sympy as sp

from ..proof.derivation import Derivation
from ..proof.indices import total
from ..proof.letters import Definitions
from ..proof.notation import text

c = sp.IndexedBase("c")


@dataclass(frozen=True)
class Claim:
    """left = right, for every unit of one layer."""

    left: sp.Expr
    right: sp.Expr

    def __str__(self) -> str:
        return f"{text(self.left)} = {text(self.right)}"


@dataclass(frozen=True)
class Induction:
    """The claim of a theorem as a function of the layer, and the two derivations that prove it.

    ``base`` ends in the claim for the layer ``start``. ``step`` ends in the claim for layer l or l + 1, and
    its definitions say what ``hypothesis``, the claim for the other of the two, says.
    """

    claim: Callable[[sp.Expr], Claim]
    base: Derivation
    step: Derivation
    start: sp.Expr
    hypothesis: Claim


def first_order(hypothesis: Claim) -> Definitions:
    """What ``∂y/∂x_k = slope_k for every k`` says about y: y = c + Σ_k slope_k x_k, the slopes held constant.

    This is rigorous where nothing but first derivatives at one point is asked for. That y is differentiable
    there means that it is c + Σ_k slope_k x_k up to a remainder which is o(|x - x0|). The chain rule says
    that a remainder of this kind has no part in the derivative of y with respect to anything on which x
    depends differentiably. So y may be exchanged for its affine part, whose slopes and constant are numbers:
    their values at the point.
    """
    y, _ = hypothesis.left.args
    constant = c[y.indices] if isinstance(y, sp.Indexed) else sp.Symbol(str(c))
    return {y: constant + linear(hypothesis)}


def linear(hypothesis: Claim) -> sp.Expr:
    """Σ_k slope_k x_k, the affine part without its constant."""
    _, x = hypothesis.left.args
    *_, over = x.indices
    return total(hypothesis.right * x, over)


def known(hypothesis: Claim) -> Definitions:
    """What the hypothesis says about its right side, where that is a letter and the left side a value."""
    return {hypothesis.right: hypothesis.left}


def words(hypothesis: Claim) -> str:
    """The hypothesis, for the assumptions of a step."""
    return f"hypothesis, for all indices: {hypothesis}"


def affine(hypothesis: Claim) -> str:
    """How ``first_order`` uses a derivative that is known, in one sentence."""
    y, slope = hypothesis.left.args[0], hypothesis.right
    return (
        f"the chain rule sees {text(y)} only through its affine part at the point, "
        f"in which c and {text(slope)} are constants"
    )


def affine_part(hypothesis: Claim) -> str:
    """What the truth differentiates where ``first_order`` is used: the affine part and nothing else."""
    y, _ = hypothesis.left.args
    return f"sympy's derivative of {text(linear(hypothesis))}, the affine part of {text(y)} without its c"


def affine_truth(hypothesis: Claim) -> str:
    """The same where the truth has an expression in the letters of the next layer for each of its letters."""
    return f"{affine_part(hypothesis)}, with each {text(hypothesis.left.args[1])} written out"
