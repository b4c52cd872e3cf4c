"""Bao's slopes in terms of the outputs, and his recursive pattern: times W, times ψ, bias row dropped."""

import sympy as sp

from ..proof.derivation import Derivation, Truth, Wrong, chain
from ..proof.formula import Dot, Entries, Formula, Letter, Transpose, grid
from ..proof.letters import partial
from ..proof.wrong import negated
from . import bao_network as net
from .bao_upstream import DELTAS, INPUT_LAYER, PASSED_BACK, PLACEHOLDER
from .hadamard import Hadamard, WithoutBias


def nested(top: Formula) -> Formula:
    """The expression of eq. (10) with the innermost delta written as ``top``."""
    hidden = WithoutBias(Hadamard(net.PSI_O, Dot(net.V, top)))
    return Dot(WithoutBias(Hadamard(net.PSI_X, Dot(net.W, hidden))), Transpose(net.A))


TOP = Hadamard(net.column("ψ(ŷ)", [net.psi_yhat]), net.column("J'(ŷ)", [net.loss_slope(net.yhat)]))
TO_U_T = grid((3, 2), lambda j, i: net.delta_3[j + 1] * net.a[i])
u, o1, o2, o3 = sp.symbols("u o1 o2 o3")
EXP, EXP_MINUS = sp.exp(u), sp.exp(-u)


def slopes(*of_each: sp.Expr) -> Entries:
    """The slopes of the logistic, of tanh and of softplus, side by side."""
    return Entries(sp.Array(of_each))


BY_OUTPUT = slopes(o1 * (1 - o1), 1 - o2**2, 1 - sp.exp(-o3))


U_T = Letter("U^T", sp.Array([list(column) for column in zip(*net.u, strict=True)]))

DERIVATIONS = (
    Derivation(
        id="bao_nested",
        title="Seed 001: do you see a recursive pattern? The weights' gradient in one line",
        statement="∂J/∂U^T = δ(-3)_[1+] a^T, in full",
        rows=("B-31",),
        sizes="1-3-2-1",
        assumptions=(net.HIDDEN, INPUT_LAYER, PASSED_BACK, PLACEHOLDER),
        where={**net.NETWORK, **net.BELOW, **net.PSI, **DELTAS},
        steps=chain(
            net.gradient(U_T),
            ("u_ij acts through x_j; eqs. (9) and (10)", TO_U_T),
            ("an outer product", Dot(WithoutBias(net.DELTA_3), Transpose(net.A))),
            (
                "δ(-3): times W, then times ψ(x)",
                Dot(
                    WithoutBias(Hadamard(net.PSI_X, Dot(net.W, WithoutBias(net.DELTA_2)))),
                    Transpose(net.A),
                ),
            ),
            ("δ(-2): times V, then times ψ(o)", nested(net.DELTA_1)),
            ("δ(-1): the loss, then times ψ(ŷ)", nested(TOP)),
        ),
        truth=net.truth(net.J_OF_A, U_T),
        wrong=(
            negated(TO_U_T),
            Wrong("ψ(ŷ) missing at the top", nested(net.column("J'(ŷ)", [net.loss_slope(net.yhat)]))),
            Wrong("the loss missing at the top", nested(net.column("ψ(ŷ)", [net.psi_yhat]))),
            Wrong(
                "ψ(o) missing",
                Dot(
                    WithoutBias(Hadamard(net.PSI_X, Dot(net.W, WithoutBias(Dot(net.V, net.DELTA_1))))),
                    Transpose(net.A),
                ),
            ),
            Wrong(
                "the inner bias row kept",
                Dot(WithoutBias(Hadamard(net.PSI_X, Dot(net.W, net.DELTA_2))), Transpose(net.A)),
            ),
        ),
    ),
    Derivation(
        id="bao_psi",
        title="Seed 001, eq. (4): the slope in terms of the output, for three activations",
        statement="ψ(o) = o(1-o), 1-o^2, 1-exp(-o)",
        rows=("B-20", "B-24"),
        sizes="1",
        assumptions=(
            "o1 is the logistic of u, o2 is tanh of u, o3 is the softplus of u",
            "ReLU has no ψ at the output 0: it cannot tell u = 0 from u < 0",
        ),
        where={o1: 1 / (1 + EXP_MINUS), o2: (EXP - EXP_MINUS) / (EXP + EXP_MINUS), o3: sp.log(1 + EXP)},
        steps=chain(
            slopes(partial(o1, u), partial(o2, u), partial(o3, u)),
            (
                "derivatives of quotients and of a logarithm",
                slopes(
                    EXP_MINUS / (1 + EXP_MINUS) ** 2,
                    1 - ((EXP - EXP_MINUS) / (EXP + EXP_MINUS)) ** 2,
                    EXP / (1 + EXP),
                ),
            ),
            ("each once more by its output", BY_OUTPUT),
        ),
        truth=Truth(
            sp.Array([EXP / (EXP + 1), 1 - 2 / (sp.exp(2 * u) + 1), u + sp.log(1 + EXP_MINUS)]),
            sp.Array(u),
        ),
        wrong=(
            negated(BY_OUTPUT),
            Wrong("1-o for the logistic", slopes(1 - o1, 1 - o2**2, 1 - sp.exp(-o3))),
            Wrong("1-o^2 for the logistic too", slopes(1 - o1**2, 1 - o2**2, 1 - sp.exp(-o3))),
            Wrong("o(1-o) for tanh too", slopes(o1 * (1 - o1), o2 * (1 - o2), 1 - sp.exp(-o3))),
            Wrong("exp(-o) for softplus", slopes(o1 * (1 - o1), 1 - o2**2, sp.exp(-o3))),
        ),
    ),
)
