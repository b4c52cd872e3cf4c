"""Which kernel is asked for: the cases on both sides, what is differentiated, and what is kept of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...arrays import Array, whole_number
from ...errors import OptionError, shown
from ...layout import Shape, size
from ...network import Network, require_network
from ..by_parameters import ParameterJacobian
from ..terms import Term
from ..tops import require_floats, run, top_of
from .methods import Form, Side


@dataclass(frozen=True, eq=False)
class Question:
    """A kernel to be computed.

    Attributes
    ----------
    left, right : Side
        One object where the kernel equals its transpose.
    form : "whole", "trace" or "diagonal"
    alone : (bool, bool)
        Whether a side is a single case, whose axis the result lacks.
    terms : tuple of Term
        Those of the first case, for their shapes.
    widths : tuple of int
        Of the activations.
    outputs : int
    dtype : dtype
    """

    left: Side
    right: Side
    form: Form
    alone: tuple[bool, bool]
    terms: tuple[Term, ...]
    widths: tuple[int, ...]
    outputs: int
    dtype: np.dtype[Any]

    @property
    def same(self) -> bool:
        """Whether both sides are one."""
        return self.left is self.right

    @property
    def shape(self) -> Shape:
        """Of the result."""
        first, second = (() if alone else (len(s),) for s, alone in zip(self._sides, self.alone, strict=True))
        o = (self.outputs,)
        return {"whole": first + o + second + o, "trace": first + second, "diagonal": first + o}[self.form]

    @property
    def _sides(self) -> tuple[Side, Side]:
        return self.left, self.right

    @property
    def nbytes(self) -> int:
        """Of the result."""
        return size(self.shape) * self.dtype.itemsize

    def with_cases(self, out: Array) -> Array:
        """A view of the result with the axes of both sides' cases."""
        places = {"whole": (0, 2), "trace": (0, 1), "diagonal": (0,)}[self.form]
        return np.expand_dims(out, tuple(p for p, alone in zip(places, self.alone, strict=False) if alone))


def question(
    net: Network, X: object, X2: object, of: object, *, trace: object, diagonal: object, where: str
) -> Question:
    """The question, checked.

    Raises
    ------
    OptionError, UnsupportedLayerError
        Another `of`, or flags that contradict each other; no logits.
    ShapeError, DTypeError, EmptyBatchError
        X or X2 does not fit.
    """
    require_network(net, where)
    form = _form(trace, diagonal, X2, where)
    if isinstance(of, str) and of == "loss":
        raise OptionError(
            "the loss has no tangent kernel here, for want of targets",
            where=where,
            got='of="loss"',
            expected='"output" or "logits"',
            remedy='jp.parameter_jacobian(net, X, T, of="loss").gram() holds the products of the gradients.',
        )
    x = _input(net, X, where)
    x2 = x if X2 is None or X2 is X else _input(net, X2, f"{where}(X2=)")
    dtype = np.result_type(x, x2)
    stack, stack2 = (_stack(given, dtype) for given in (x, x2))
    record = run(net, stack[:1], None, where)
    first = ParameterJacobian(net, record, top_of(record, of, where))
    assert isinstance(of, str), "top_of refuses anything else"
    left = Side(net, stack, of)
    return Question(
        left=left,
        right=left if x2 is x else Side(net, stack2, of),
        form=form,
        alone=(x.ndim == 1, x2.ndim == 1),
        terms=first.terms,
        widths=tuple(record.activation(k).shape[-1] for k in range(record.architecture.depth + 1)),
        outputs=first.out_shape[-1],
        dtype=record.dtype,
    )


def made_up(net: Network, X: object, where: str) -> object:
    """X itself, or zeros in the place of a number of cases."""
    if isinstance(X, bool | np.bool) or not isinstance(X, int | np.integer):
        return X
    require_network(net, where)
    cases = whole_number(X, "the number of cases", where, remedy="Or pass X itself.", most=2**32)
    if net.n_in is None:
        raise OptionError(
            "the network takes inputs of any width",
            where=where,
            got=shown(X),
            expected="cases",
            remedy="Pass X itself.",
        )
    dtype = np.float64 if net.dtype.kind == "O" else net.dtype  # expressions are refused like those of X
    return np.broadcast_to(np.zeros(1, dtype), (cases, net.n_in))


def _form(trace: object, diagonal: object, X2: object, where: str) -> Form:
    for name, flag in (("trace", trace), ("diagonal", diagonal)):
        if not isinstance(flag, bool | np.bool):
            raise OptionError(
                f"{name} is a flag",
                where=where,
                got=shown(flag),
                expected="True or False",
                remedy="Leave it out.",
            )
    if trace and diagonal:
        raise OptionError(
            "the trace and the diagonal are two questions",
            where=where,
            got="trace=True, diagonal=True",
            expected="one of them",
            remedy="The diagonal summed over the outputs is the diagonal of the trace.",
        )
    if diagonal and X2 is not None:
        raise OptionError(
            "only the kernel of one X with itself has a diagonal",
            where=where,
            got="an X2",
            expected="X alone",
            remedy="Leave X2 out.",
        )
    return "trace" if trace else "diagonal" if diagonal else "whole"


def _input(net: Network, X: object, where: str) -> Array:
    x, dtype = net._input(X, where)
    require_floats(dtype, where)
    return x


def _stack(x: Array, dtype: np.dtype[Any]) -> Array:
    """The cases below each other; each pass copies its own."""
    rows = x.reshape(-1, x.shape[-1])
    if rows.strides[0] == 0:  # made-up cases are one case, seen often
        return np.broadcast_to(rows[:1].astype(dtype), rows.shape)
    return rows.astype(dtype, copy=False)
