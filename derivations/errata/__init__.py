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
)
DERIVATIONS: tuple[Derivation, ...] = tuple(
    sorted((d for theme in THEMES for d in theme.DERIVATIONS), key=lambda d: d.id)
)

LEFT_OUT: dict[str, str] = {
    "E-04": "a label printed twice, w_11 for w_02; no statement depends on it",
    "E-18": "how often XOR is learned from two ranges of initial weights: measured runs",
    "E-24": "labels of the layers in a figure",
    "E-45": "what a threshold does at exactly 0 is a convention",
    "E-48": "dates of publications",
    "E-56": "when a stop test is evaluated: the order of two statements in a loop",
    "E-57": "advice on coding classes, which the note's own tips contradict",
    "E-58": "subscripts damaged in a figure's labels",
}
