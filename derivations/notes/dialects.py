"""One truth, five dialects: each note's formulas give the gradient of one and the same network."""

import sympy as sp

from ..proof.functions import smooth
from .one_network import Entry, Note, j, k, same_gradient

f_slope, g_slope = smooth("f'"), smooth("g'")


def units(name: str) -> Entry:
    """A quantity with one entry for each unit of a layer."""
    letter = sp.IndexedBase(name)
    return lambda unit: letter[unit]


def from_to(name: str) -> Entry:
    """Weights whose first index is where they come from."""
    letter = sp.IndexedBase(name)
    return lambda source, target: letter[source, target]


def to_from(name: str) -> Entry:
    """Weights whose first index is where they lead to."""
    letter = sp.IndexedBase(name)
    return lambda source, target: letter[target, source]


def bias(weights: Entry) -> Entry:
    """The weights that leave the bias unit, number 0."""
    return lambda unit: weights(0, unit)


def slopes(function: Entry, sums: Entry) -> Entry:
    """The slope of an activation at a sum."""
    return lambda unit: function(sums(unit))


BAO_SUMS, BAO_TOP_SUMS = units("s"), units("r")

DOWNING = Note(
    hidden=to_from("W(1)"),
    hidden_bias=bias(to_from("W(1)")),
    top=to_from("W(2)"),
    top_bias=bias(to_from("W(2)")),
    below=units("x"),
    hidden_sum=units("sum(1)"),
    activation=units("o(1)"),
    top_sum=units("sum(2)"),
    output=units("o(2)"),
    delta=units("δ(1)"),
    top_delta=units("δ(2)"),
    loss=sp.Symbol("E"),
    slope=slopes(f_slope, units("sum(1)")),
    top_slope=slopes(g_slope, units("sum(2)")),
    bias_unit=True,
    own={},
)

BAO = Note(
    hidden=from_to("W"),
    hidden_bias=bias(from_to("W")),
    top=from_to("V"),
    top_bias=bias(from_to("V")),
    below=units("x"),
    hidden_sum=BAO_SUMS,
    activation=units("o"),
    top_sum=BAO_TOP_SUMS,
    output=units("ŷ"),
    delta=units("δ(-2)"),
    top_delta=units("δ(-1)"),
    loss=sp.Symbol("J"),
    slope=units("ψ(o)"),
    top_slope=units("ψ(ŷ)"),
    bias_unit=True,
    own={units("ψ(o)")(j): f_slope(BAO_SUMS(j)), units("ψ(ŷ)")(k): g_slope(BAO_TOP_SUMS(k))},
)

DEHAQANI = Note(
    hidden=to_from("W(1)"),
    hidden_bias=units("b(1)"),
    top=to_from("W(2)"),
    top_bias=units("b(2)"),
    below=units("x"),
    hidden_sum=units("z(1)"),
    activation=units("y(1)"),
    top_sum=units("z(2)"),
    output=units("y(2)"),
    delta=units("∇z(1)"),
    top_delta=units("∇z(2)"),
    loss=sp.Symbol("Div"),
    slope=slopes(f_slope, units("z(1)")),
    top_slope=slopes(g_slope, units("z(2)")),
    bias_unit=False,
    own={},
)

MUKUND = Note(
    hidden=to_from("w(1)"),
    hidden_bias=units("b(1)"),
    top=to_from("w(2)"),
    top_bias=units("b(2)"),
    below=units("a(0)"),
    hidden_sum=units("z(1)"),
    activation=units("a(1)"),
    top_sum=units("z(2)"),
    output=units("a(2)"),
    delta=units("δ(1)"),
    top_delta=units("δ(2)"),
    loss=sp.Symbol("C"),
    slope=slopes(f_slope, units("z(1)")),
    top_slope=slopes(g_slope, units("z(2)")),
    bias_unit=False,
    own={},
)

NG = Note(
    hidden=to_from("Θ(1)"),
    hidden_bias=bias(to_from("Θ(1)")),
    top=to_from("Θ(2)"),
    top_bias=bias(to_from("Θ(2)")),
    below=units("a(1)"),
    hidden_sum=units("z(2)"),
    activation=units("a(2)"),
    top_sum=units("z(3)"),
    output=units("a(3)"),
    delta=units("δ(2)"),
    top_delta=units("δ(3)"),
    loss=sp.Symbol("J"),
    slope=slopes(f_slope, units("z(2)")),
    top_slope=slopes(g_slope, units("z(3)")),
    bias_unit=True,
    own={},
)

DERIVATIONS = (
    same_gradient(
        DOWNING,
        id="dialect_000",
        title="Seed 000 in common letters: w_ij of its first part leads from j to i",
        statement="∂L/∂w_ij = ∂E/∂W(1)_ji = x_i δ(1)_j",
        rows=("D-20", "D-23", "D-24"),
        assumptions=(
            "seed 000, first part: the weight from i to j is W(1)_ji, target first, the transpose of w; "
            "number 0 is a bias node",
            "delta is ∂E/∂sum, with the sign that descends by w - η δ x",
        ),
    ),
    same_gradient(
        BAO,
        id="dialect_001",
        title="Seed 001 in common letters: W with the biases as row 0, ψ of the outputs",
        statement="∂L/∂w_ij = ∂J/∂W_ij = x_i δ(-2)_j",
        rows=("B-33", "B-34", "B-35", "B-38"),
        assumptions=(
            "seed 001: W has the row W_0j = b_j on top of w, V has c_k on top of v; x_0 = o_0 = 1",
            "ψ(o)_j is the slope at the output o_j; Σ_k leaves out number 0: [1+]",
        ),
    ),
    same_gradient(
        DEHAQANI,
        id="dialect_002",
        title="Seed 002 in common letters: gradients are rows, W_k has targets as rows",
        statement="∂L/∂w_ij = (∇_W)_ij = x_i (∇z)_j",
        rows=("H-70", "H-76", "H-79"),
        assumptions=(
            "seed 002: W(k) is the transpose of w and v, the biases are vectors; ∇z = (∇y) J_y(z) and "
            "∇y = (∇z) W are rows, J_y(z) is diagonal",
            "∇_W Div = y ∇z is a column times a row: its shape is that of W^T, and so that of w",
        ),
    ),
    same_gradient(
        MUKUND,
        id="dialect_003",
        title="Seed 003 in common letters: w_kj leads from j to k, biases apart",
        statement="∂L/∂w_ij = ∂C/∂w(1)_ji = a_i δ(1)_j",
        rows=("M-19", "M-20", "M-21"),
        assumptions=(
            "seed 003: w(l)_kj is target first, the transpose of w and v; layer 1 is the first hidden one",
        ),
    ),
    same_gradient(
        NG,
        id="dialect_004",
        title="Seed 004 in common letters: Θ with the biases as column 0",
        statement="∂L/∂w_ij = ∂J/∂Θ(1)_ji = a_i δ(2)_j",
        rows=("N-04", "N-05", "B-38"),
        assumptions=(
            "seed 004: Θ is target first with the biases as column 0; layer 1 is the input; "
            "a(1)_0 = a(2)_0 = 1",
        ),
    ),
)
