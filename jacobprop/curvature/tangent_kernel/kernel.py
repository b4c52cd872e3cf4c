"""The neural tangent kernel K = J J^T, for J the Jacobian of the outputs by all parameters.

    K[n, a, m, b] = sum over parameters p of d out[n, a]/dp  d out'[m, b]/dp

Index legend: n cases of X, m of X2 or of X; a, b outputs; p parameters.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeAlias

from ...arrays import Array, quiet, whole_number
from ...errors import OptionError, shown
from ...jacobians import DENSE_LIMIT
from ...network import Network
from .. import grams
from .destination import check_out, filled
from .methods import fill
from .plan import KernelPlan, planned
from .question import Question, question
from .verification import verify as verified

Progress: TypeAlias = Callable[[int, int], object]


@quiet
def ntk(
    net: Network,
    X: object,
    X2: object = None,
    *,
    of: str = "output",
    trace: bool = False,
    diagonal: bool = False,
    method: str = "auto",
    max_bytes: int = DENSE_LIMIT,
    out: str | os.PathLike[str] | Array | None = None,
    progress: Progress | None = None,
    verify: int = 0,
) -> Array:
    """K[n, a, m, b] = sum_p d out[n, a]/dp d out'[m, b]/dp: the tangent kernel J J^T, without J.

    Where torch's tutorial has N, M, K, K, that is ``jp.ntk(net, X, X2).transpose(0, 2, 1, 3)``.

    Parameters
    ----------
    net : Network
    X : array (n_in,) for one case, or (cases, n_in)
    X2 : array like X, optional
        The cases of the other side; by default X, and then only half of the kernel is computed.
    of : "output" or "logits"
        "logits" is the sum below a softmax or a sigmoid on top.
    trace : bool
        Sum over a = b, and compute no more: (cases, cases2).
    diagonal : bool
        Only the entries of each output with itself: (cases, outputs).
    method : "auto", "structured", "dense" or "products"
        By the structure of the weights' Jacobians, by the dense Jacobians, or by vector-Jacobian products
        that are pushed up again; by default what takes the fewest multiply-adds within the limit.
    max_bytes : int
        For what is made beside the result, about, and for the result itself unless it goes to `out`.
    out : path or array, optional
        A .npy file, which appears when it is whole, in place of an older one; or an array to fill.
    progress : callable, optional
        Called with (entries done, entries in all) as the blocks are done; `jacobprop.plan_ntk` tells the
        bytes and the seconds beforehand.
    verify : int
        So many random entries are computed again, by another method.

    Returns
    -------
    array (cases, outputs, cases2, outputs)
        Without the axis of a side that is a single case. ``K.reshape(cases * outputs, -1)`` is J J^T. Of a
        file its read-only memory map; `out` itself if that is an array.

    Raises
    ------
    DenseLimitError
        The result, or one case after the other, is above `max_bytes`; nothing was allocated.
    CheckFailed
        An entry differs from its verification; no file is left.
    OptionError, ShapeError, DTypeError, EmptyBatchError, UnsupportedLayerError
        Arguments that do not fit; no logits.
    OSError
        The file cannot be written.

    Examples
    --------
    >>> import numpy as np
    >>> import jacobprop as jp
    >>> net = jp.Network([jp.Dense(3, 4, "tanh"), jp.Dense(4, 2), jp.Softmax()])
    >>> X, X2 = np.arange(15.0).reshape(5, 3) / 10, np.ones((7, 3))
    >>> ntk(net, X).shape, ntk(net, X, X2).shape, ntk(net, X, X2, trace=True).shape
    ((5, 2, 5, 2), (5, 2, 7, 2), (5, 7))
    >>> from jacobprop.curvature import parameter_jacobian
    >>> J = parameter_jacobian(net, X)
    >>> np.allclose(ntk(net, X).reshape(10, 10), J.matrix() @ J.matrix().T)
    True
    """
    where = "ntk"
    asked = question(net, X, X2, of, trace=trace, diagonal=diagonal, where=where)
    count = whole_number(verify, "verify", where, least=0, remedy="It counts the entries to check.")
    _check_progress(progress, where)
    check_out(out, asked, where)
    plan = planned(asked, method, max_bytes, where, inside=out is None)

    def compute(array: Array) -> None:
        kernel = asked.with_cases(array)
        done = 0
        for numbers in _blocks(kernel, asked, plan):
            done += numbers
            if progress is not None:
                progress(done, array.size)
        verified(kernel, asked, plan.chosen.method, count, where)

    return filled(out, asked.shape, asked.dtype, where, compute)


def _blocks(kernel: Array, asked: Question, plan: KernelPlan) -> Iterator[int]:
    """Fill the kernel, block after block of the cases that are held at once."""
    chosen = plan.chosen
    write = partial(fill, chosen.method, asked.form, chosen.chunk)
    for i in grams.blocks(len(asked.left), chosen.block):
        left = asked.left.part(i)
        if asked.form == "diagonal":
            yield from write(kernel[i], left, left)
            continue
        if asked.same:
            yield from write(kernel[_at(kernel, i, i)], left, left)
        for j in grams.blocks(len(asked.right), chosen.block, i.stop if asked.same else 0):
            mirror = kernel[_at(kernel, j, i)] if asked.same else None
            yield from write(kernel[_at(kernel, i, j)], left, asked.right.part(j), mirror)


def _at(kernel: Array, i: slice, j: slice) -> tuple[slice, ...]:
    """Cases i and j, whatever lies between."""
    return (i, j) if kernel.ndim == 2 else (i, slice(None), j)


def _check_progress(progress: object, where: str) -> None:
    if progress is not None and not callable(progress):
        raise OptionError(
            "progress is called as the blocks are done",
            where=where,
            got=shown(progress),
            expected="a function of (done, total)",
            remedy="Leave it out, or pass such as lambda done, total: print(done / total).",
        )
