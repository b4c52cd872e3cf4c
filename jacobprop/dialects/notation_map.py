"""The notation map: each seed's dialect, all of them by name, and a table that compares them."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from ..errors import UnknownNameError, shown
from .dialect import Dialect, Formulas, Slot, Symbols

JACOBPROP = Dialect(
    name="jacobprop",
    source="this library",
    symbols=Symbols("a_{n}", "z_{n}", "W_{w}", "b_{w}", "delta_{n}", "t", "L"),
    formulas=Formulas(
        forward="z_l = a_{l-1} W_l + b_l,  a_l = f(z_l); a case is a row",
        backward="delta_{l-1} = f'(z_{l-1}) * (delta_l W_l^T)",
        gradient="dL/dW_l = a_{l-1}^T delta_l",
        step="W_l <- W_l - lr dL/dW_l",
    ),
)

_DIALECTS = {
    dialect.name: dialect
    for dialect in (
        JACOBPROP,
        Dialect(
            name="downing",
            source="seed 000, Downing, from line 266 on",
            reduction="sum",
            symbols=Symbols("X_{n}", "R_{n}", "V_{w}", "b_{w}", "dL/dR_{n}", "t", "L"),
            formulas=Formulas(
                forward="R = X V,  Y = g(R),  S = Y W,  Z = f(S); a case is a row",
                backward="J_Y^L = J_Z^L . J_Y^Z,  J_Y^Z = J_Sum^Z . W^T",
                gradient="J_W^L = J_Z^L x J^_W^Z",
                step="w_ij <- w_ij - eta dL/dw_ij",
            ),
            remark="Layers have letters there. The bias is a tip only (line 674), so it stays apart here.",
        ),
        Dialect(
            name="downing-part-1",
            source="seed 000, Downing, to line 214",
            weight="w",
            transposed=True,
            reduction="sum",
            symbols=Symbols("o_{n}", "sum_{n}", "w_{w}", "b_{w}", "delta_{n}", "t", "E"),
            formulas=Formulas(
                forward="sum_i = sum_k w_ik x_k,  o_i = f_T(sum_i)",
                backward="delta_j = o_j (1 - o_j) sum_k w_kj delta_k",
                gradient="dE/dw_ij = o_j delta_i",
                step="w_ij <- w_ij - eta delta_i o_j",
            ),
            remark="delta is line 156; the Widrow-Hoff delta of line 47, t - o, has the opposite sign.",
        ),
        Dialect(
            name="bao",
            source="seed 001, Bao",
            augmented=True,
            named_by_start=True,
            placeholder=True,
            symbols=Symbols("x^({n})", "W^({w})T x^({w})", "W^({w})", "w_0j^({w})", "delta^({n})", "y", "J"),
            formulas=Formulas(
                forward="x^(l+1)_[1+] = phi(W^(l)T x^(l)),  x_0 = 1; a case is a column",
                backward="delta^(l-1) = psi(x^(l-1)) o (W^(l-1) delta^(l)_[1+])",
                gradient="grad^(l-1) = x^(l-1) (delta^(l)_[1+])^T",
                step="W^(l) <- W^(l) - rho grad^(l)",
            ),
            remark="_[1+] drops the placeholder, which the output layer lacks; it is written as 0 here.",
        ),
        Dialect(
            name="dehaqani",
            source="seed 002, Dehaqani",
            transposed=True,
            gradient_transposed=True,
            reduction="sum",
            delta_sign=-1,
            symbols=Symbols("y_{n}", "z_{n}", "W_{w}", "b_{w}", "delta_{n}", "d", "Div"),
            formulas=Formulas(
                forward="z_k = W_k y_{k-1} + b_k,  y_k = f_k(z_k); a case is a column",
                backward="grad_{z_{k-1}} = grad_{z_k} W_k J_{y_{k-1}}(z_{k-1}); gradients are rows",
                gradient="grad_{W_k} = y_{k-1} grad_{z_k}",
                step="W_k <- W_k - (eta/T) (grad_{W_k})^T",
            ),
            remark="delta is ADALINE's d - z (line 775), -dL/dz for half squares; line 800's d - y lacks f'.",
        ),
        Dialect(
            name="mukund",
            source="seed 003, Mukund",
            transposed=True,
            symbols=Symbols("a^{n}", "z^{n}", "W^{w}", "b^{w}", "delta^{n}", "y", "C"),
            formulas=Formulas(
                forward="z_k^l = sum_j w_kj^l a_j^{l-1} + b_k^l,  a_k^l = sigma(z_k^l)",
                backward="delta_j^l = sigma'(z_j^l) sum_k w_kj^{l+1} delta_k^{l+1}",
                gradient="dC/dw_kj^l = delta_k^l a_j^{l-1}",
                step="each parameter moves opposite to its gradient",
            ),
            remark="z is called the output there, and a the activation value.",
        ),
        Dialect(
            name="ng",
            source="seed 004, in the notation of Ng",
            weight="Theta",
            transposed=True,
            augmented=True,
            input_layer=1,
            named_by_start=True,
            symbols=Symbols("a^({n})", "z^({n})", "Theta^({w})", "Theta_i0^({w})", "delta^({n})", "y", "J"),
            formulas=Formulas(
                forward="z^(l+1) = Theta^(l) a^(l),  a^(l+1) = g(z^(l+1)),  a_0 = 1; a case is a column",
                backward="delta^(l) = (Theta^(l))^T delta^(l+1) .* g'(z^(l)), without entry 0",
                gradient="D^(l) = 1/n sum delta^(l+1) a^(l)T",
                step="Theta^(l) <- Theta^(l) - alpha D^(l)",
            ),
            remark="Delta accumulates the sum over the cases; lambda is 0 here.",
        ),
    )
}

NAMES = tuple(_DIALECTS)
"""Every dialect: the library's own, then the seeds' in their order."""


def get(name: str | Dialect, where: str = "dialects.get") -> Dialect:
    """The dialect of a name; a Dialect is returned as it is.

    Parameters
    ----------
    name : str or Dialect
        One of `NAMES`.
    where : str
        Words the error.

    Raises
    ------
    UnknownNameError
        No such name.

    Examples
    --------
    >>> print(get("ng"))  # doctest: -NORMALIZE_WHITESPACE
    ng: seed 004, in the notation of Ng
      layers    the input is layer 1; Theta number l leads from layer l to layer l+1
      weights   Theta1, Theta2, ...  (n_out, n_in + 1)
      bias      column 0 of Theta
      forward   z^(l+1) = Theta^(l) a^(l),  a^(l+1) = g(z^(l+1)),  a_0 = 1; a case is a column
      delta     dL/dz of one case
      backward  delta^(l) = (Theta^(l))^T delta^(l+1) .* g'(z^(l)), without entry 0
      gradient  D^(l) = 1/n sum delta^(l+1) a^(l)T  (as Theta; mean over cases)
      step      Theta^(l) <- Theta^(l) - alpha D^(l)
      remark    Delta accumulates the sum over the cases; lambda is 0 here.
    """
    if isinstance(name, Dialect):
        return name
    if isinstance(name, str) and name in _DIALECTS:
        return _DIALECTS[name]
    text = shown(name).strip("'")
    near = [d.name for d in _DIALECTS.values() if d.source.startswith(f"seed {text},")]
    near = near or difflib.get_close_matches(text.lower(), NAMES, n=1, cutoff=0.5)
    raise UnknownNameError(
        "unknown dialect",
        where=where,
        got=shown(name),
        expected="one of " + ", ".join(NAMES),
        remedy=f"Did you mean {' or '.join(map(repr, near))}?"
        if near
        else "print(jacobprop.dialects.table()) compares them.",
    )


def speakers(key: object, slots: Sequence[Slot]) -> list[str]:
    """The dialects in which something is a key."""
    return [d.name for d in _DIALECTS.values() if d.parse(key, slots) is not None]


def table() -> str:
    r"""The notation map as text of at most 100 columns: what is converted, and what things are called.

    Examples
    --------
    >>> layouts, words = table().split("\n\n")
    >>> print(layouts)  # doctest: -NORMALIZE_WHITESPACE
    dialect         weights      shape              bias      input    gradient    cases  delta
    jacobprop       W1, ...      (n_in, n_out)      b1, ...   layer 0  as W        mean   dL/dz
    downing         W1, ...      (n_in, n_out)      b1, ...   layer 0  as W        sum    dL/dz
    downing-part-1  w1, ...      (n_out, n_in)      b1, ...   layer 0  as w        sum    dL/dz
    bao             W0, ...      (n_in + 1, n_out)  row 0     layer 0  as W        mean   dL/dz
    dehaqani        W1, ...      (n_out, n_in)      b1, ...   layer 0  transposed  sum    -dL/dz
    mukund          W1, ...      (n_out, n_in)      b1, ...   layer 0  as W        mean   dL/dz
    ng              Theta1, ...  (n_out, n_in + 1)  column 0  layer 1  as Theta    mean   dL/dz
    """
    layouts = [
        (
            d.name,
            d.key("W", 1) + ", ...",
            d.shape,
            d.bias,
            f"layer {d.input_layer}",
            d.gradient_shape,
            d.reduction,
            d.delta,
        )
        for d in _DIALECTS.values()
    ]
    words = [(d.name, *d.generic()) for d in _DIALECTS.values()]
    return "\n\n".join(
        (
            _columns(("dialect", "weights", "shape", "bias", "input", "gradient", "cases", "delta"), layouts),
            _columns(("dialect", *Symbols._fields), words),
        )
    )


def _columns(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Rows under heads, each column as wide as its widest entry."""
    lines = [heads, *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(f"{entry:<{width}}" for entry, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
