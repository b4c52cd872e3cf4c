"""Calling a door: what is refused, what changes, what leaks."""

import warnings
from collections import Counter

import numpy as np

import jacobprop as jp

from .material import Mute

REFUSED = object()
"""What a call returns in place of a result when one of our errors came."""


class Tally:
    """Inputs tried, right answers, and refusals by class."""

    def __init__(self):
        self.inputs, self.answers, self.refusals = 0, 0, Counter()

    def add(self, other):
        self.inputs += other.inputs
        self.answers += other.answers
        self.refusals += other.refusals


class Trial:
    """One input: draws its parts, and calls the library with them."""

    def __init__(self, data, tally):
        self.draw, self.tally = data.draw, tally

    def call(self, function, *arguments, refused=None, **options):
        """The result, or REFUSED; `refused` says which of the two it must be, None that either is right."""
        self.tally.inputs += 1
        held = [*arguments, *options.values()]
        before = [print_of(argument) for argument in held]
        with warnings.catch_warnings(), np.errstate(all="raise"):
            warnings.simplefilter("error")
            state = np.geterr()
            Mute.tried = True
            try:
                result = function(*arguments, **options)
            except jp.errors.JacobpropError as error:
                self._check_error(error)
                result = REFUSED
            finally:
                Mute.tried = False
            assert np.geterr() == state, "the errstate has changed"
        assert [print_of(argument) for argument in held] == before, "an argument has changed"
        if result is not REFUSED:
            self.tally.answers += 1
        if refused is not None:
            assert (result is REFUSED) == refused, f"refused: {result is REFUSED}, to be refused: {refused}"
        return result

    def _check_error(self, error):
        self.tally.refusals[type(error).__name__] += 1
        assert type(error).__module__ == "jacobprop.errors"
        text = str(error)
        assert text.strip(), "an error without words"
        assert len(text) < 6000, f"an error of {len(text)} characters"


def print_of(value, depth=0):
    """What tells whether a value has changed: of an array its bytes and flags, of a list its entries."""
    if isinstance(value, np.ma.MaskedArray):
        return value.data.tobytes(), np.ma.getmaskarray(value).tobytes()
    if isinstance(value, np.ndarray):
        numbers = [id(entry) for entry in value.flat] if value.dtype.hasobject else value.tobytes()
        return value.shape, value.strides, value.dtype, value.flags.writeable, numbers
    if isinstance(value, dict):
        return list(value), [print_of(entry, depth + 1) for entry in value.values()]
    if isinstance(value, list | tuple) and depth < 4:
        return type(value), [print_of(entry, depth + 1) for entry in value]
    return id(value)
