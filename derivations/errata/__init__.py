"""Errata: what the notes print, what is right, and a counterexample."""

from ..proof.derivation import Derivation
from . import (
    bias,
    decisions,
    deltas,
    descent,
    layer_numbers,
    layers,
    layouts,
    losses,
    neurons,
    ranges,
    simplified,
    softmax,
    training,
    units,
    worked_example,
    xor,
)

THEMES = (
    bias,
    decisions,
    deltas,
    descent,
    layer_numbers,
    layers,
    layouts,
    losses,
    neurons,
    ranges,
    simplified,
    softmax,
    training,
    units,
    worked_example,
    xor,
)
DERIVATIONS: tuple[Derivation, ...] = tuple(
    sorted((d for theme in THEMES for d in theme.DERIVATIONS), key=lambda d: d.id)
)

LEFT_OUT: dict[str, str] = {
    "E-03": "the printed prediction 0.722 is right, as derived in E-03",
    "E-04": "a label printed twice, w_11 for w_02; no statement depends on it",
    "E-15": "the sum over a minibatch in one note, the mean in the others: a convention (E-15)",
    "E-16": "a lower rate is recommended case by case: advice, which depends on the reduction (E-16)",
    "E-18": "no false statement: two ranges of initial weights, and no word of bias units, which XOR does "
    "not need (E-18); how often it is learned is a matter of measured runs",
    "E-24": "labels of the layers in a figure",
    "E-28": "advice on initial weights, without a formula; what weights from [0, 1] do is derived in E-28",
    "E-29": "f'(0) = 1 for ReLU is an allowed choice, as any number from 0 to 1 (E-29)",
    "E-44": "the printed D is right for the penalty lambda/2 Σ Theta^2, and J is not printed (E-44)",
    "E-45": "what a threshold does at exactly 0 is a convention",
    "E-48": "dates of publications",
    "E-52": "a judgement on MSE without a formula; E-52 derives for which outputs it holds",
    "E-56": "when a stop test is evaluated: the order of two statements in a loop",
    "E-57": "advice on coding classes, which the note's own tips contradict",
    "E-58": "subscripts damaged in a figure's labels",
}
