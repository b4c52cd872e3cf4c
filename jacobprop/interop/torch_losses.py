"""A loss object of torch as a loss of ours, where the two are the same function with the same reduction."""

import math
from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

from .. import activations
from ..arrays import is_a
from ..errors import OptionError, UnsupportedLayerError, shown
from ..layers import Elementwise, Softmax
from ..losses import BinaryCrossEntropy, CrossEntropy, Loss, MeanSquaredError, NegativeLogLikelihood
from ..losses.base import REDUCTIONS
from .attributes import attribute, text
from .torch_modules import Affine, Step, Weightless
from .torch_parts import WHERE, Part, torch_kind

_WHERE = f"{WHERE}(loss=)"


class _Meaning(NamedTuple):
    """Our loss; what torch's applies to the outputs first; the reductions that agree for many outputs.

    torch's mean is over cases and outputs, our losses add the outputs, except MeanSquaredError.
    """

    loss: type[Loss]
    applies: str
    agree: Sequence[str]
    remedy: str = ""


_SUM = 'Take reduction="sum"; averaged over m outputs too, it is 1/m of jp.BinaryCrossEntropy().'
_MEANINGS = {
    "MSELoss": _Meaning(
        MeanSquaredError, "", ("mean",), 'Take jp.SquaredError(reduction="sum"), which is half of it.'
    ),
    "BCELoss": _Meaning(BinaryCrossEntropy, "", ("sum",), _SUM),
    "BCEWithLogitsLoss": _Meaning(BinaryCrossEntropy, "sigmoid", ("sum",), _SUM),
    "CrossEntropyLoss": _Meaning(CrossEntropy, "softmax", REDUCTIONS),
    "NLLLoss": _Meaning(NegativeLogLikelihood, "", REDUCTIONS),
}
_NEUTRAL: dict[str, tuple[object, str]] = {
    "weight": (
        None,
        'Leave it out; under CrossEntropy with reduction="sum" pass T as one-hot rows times it.',
    ),
    "pos_weight": (None, "Leave it out, or write a jp.Loss."),
    "ignore_index": (-100, "Leave it out, and the cases with this label too."),
    "label_smoothing": (0, "Leave it out, and pass T as the rows (1 - s) * onehot + s / classes."),
}
"""The options that change a loss: the value under which they do not, and what to do instead."""


def with_loss(steps: list[Step], loss: Any) -> tuple[list[Step], Loss | None]:
    """The steps with what the loss applies to their outputs, and the loss as ours."""
    if loss is None or is_a(loss, Loss):
        return steps, loss
    kind = torch_kind(loss)
    meaning = _MEANINGS.get(kind)
    if meaning is None:
        raise OptionError(
            "the loss has no counterpart",
            where=_WHERE,
            got=shown(loss),
            expected="a jp.Loss, or torch.nn." + ", ".join(_MEANINGS),
            remedy="Pass an object, as torch.nn.MSELoss(); or write a jp.Loss.",
        )
    _check_options(loss)
    reduction = _reduction(loss, kind, meaning, steps)
    return _topped(steps, meaning.applies), meaning.loss(reduction=reduction)


def _check_options(loss: object) -> None:
    for name, (neutral, remedy) in _NEUTRAL.items():
        value = attribute(loss, name)
        if value is not None and not (type(value) in (int, float) and value == neutral):
            raise UnsupportedLayerError(
                f"{name} has no counterpart",
                where=_WHERE,
                got=shown(value),
                expected=f"{neutral}",
                remedy=remedy,
            )


def _reduction(loss: object, kind: str, meaning: _Meaning, steps: list[Step]) -> str:
    """The reduction, which with several outputs may mean another average."""
    outputs = next((math.prod(step.W.shape[1:]) for step in steps[::-1] if isinstance(step, Affine)), None)
    given, agree = text(loss, "reduction"), REDUCTIONS if outputs == 1 else meaning.agree
    if given not in agree:
        raise UnsupportedLayerError(
            "the reduction has no counterpart",
            where=_WHERE,
            got=f"{kind}(reduction={shown(attribute(loss, 'reduction'))}) of {outputs} outputs",
            expected=" or ".join(map(repr, agree)),
            remedy=meaning.remedy if given in REDUCTIONS else "Each case's own loss is in record.losses.",
        )
    return given


def _topped(steps: list[Step], applies: str) -> list[Step]:
    """The steps with the softmax or sigmoid that the loss applies."""
    if applies == "softmax":
        return [*steps, Weightless(Part("", "Softmax", None), Softmax)]
    if applies == "sigmoid":
        sigmoid, last = activations.get("sigmoid"), steps[-1] if steps else None
        if isinstance(last, Affine) and last.activation is None:
            return [*steps[:-1], last._replace(activation=sigmoid)]
        if last is not None and last.part.kind in ("BatchNorm1d", "Dropout"):
            return [*steps, Weightless(Part("", "Sigmoid", None), partial(Elementwise, sigmoid))]
        raise UnsupportedLayerError(
            "BCEWithLogitsLoss applies a sigmoid to the sums of the last Linear",
            where=_WHERE,
            got="outputs that are no such sums",
            expected="a Linear as the last module",
            remedy="Remove what follows the last Linear; after a Sigmoid take torch.nn.BCELoss().",
        )
    return steps
