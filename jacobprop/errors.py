"""Every error of the library: what was wrong, where, what came, what was expected, one remedy.

Each class also derives from the built-in exception that a generic handler would catch.
"""

_SHOWN = 300
"""The most characters of a value in an error."""


def shown(value: object) -> str:
    """repr(value) on one line, cut where it is long; the type of what has none, as a huge int."""
    try:
        text = repr(value)
    except Exception:  # code of a user, or Python's limit on digits
        return f"an object of type {type(value).__name__}"
    text = " ".join(text.split()) if "\n" in text else text
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."


def _words(value: object) -> str:
    """Text as it is, anything else as it is shown."""
    if isinstance(value, str):
        return value
    try:
        return str(value)
    except Exception:
        return shown(value)


class JacobpropError(Exception):
    """The base of all errors of this library.

    Parameters
    ----------
    what : str
        What was wrong, as a clause.
    where : str, optional
        The call, layer or name at fault.
    got, expected : object, optional
        What came and what would have been right.
    remedy : str, optional
        One sentence: what to do.
    """

    def __init__(
        self,
        what: str,
        *,
        where: str = "",
        got: object = None,
        expected: object = None,
        remedy: str = "",
    ) -> None:
        super().__init__(what)
        self.what, self.where, self.remedy = what, where, remedy
        self.got = "" if got is None else _words(got)
        self.expected = "" if expected is None else _words(expected)

    def __str__(self) -> str:
        head = f"{self.where}: {self.what}" if self.where else self.what
        facts = [f"{word} {fact}" for word, fact in (("got", self.got), ("expected", self.expected)) if fact]
        sentence = "; ".join([head, ", ".join(facts)] if facts else [head])
        return f"{sentence}. {self.remedy}" if self.remedy else f"{sentence}."


class ShapeError(JacobpropError, ValueError):
    """An array has the wrong shape, or two shapes do not fit together."""


class LayoutError(JacobpropError, ValueError):
    """A tensor contradicts its layout tag, or two layouts are mixed."""


class DTypeError(JacobpropError, TypeError):
    """An array holds values that the library does not compute with."""


class NonFiniteError(JacobpropError, ValueError):
    """A parameter, or a factor that a formulation needs, is not finite."""


class DenseLimitError(JacobpropError, MemoryError):
    """A dense array above the byte limit was asked for; nothing was allocated."""


class UnsupportedLayerError(JacobpropError, NotImplementedError):
    """The layer has no such factor, or the formulation has no such layer."""


class OptionError(JacobpropError, ValueError):
    """An option has a value that means nothing."""


class UnsafeExpressionError(JacobpropError, ValueError):
    """An expression string holds more than arithmetic of known functions."""


class FileFormatError(JacobpropError, ValueError):
    """A file is not what it claims to be."""


class MissingExtraError(JacobpropError, ImportError):
    """An optional dependency is not installed."""


class CheckFailed(JacobpropError, AssertionError):  # noqa: N818  (a failed check, as in AssertionError's own naming)
    """A check compared two independent routes and they differ."""


class UnknownNameError(JacobpropError, ValueError, KeyError):
    """A name is not among those that exist."""


class MissingTargetError(JacobpropError, ValueError):
    """A loss was asked for, but the record has no target or the network no loss."""


class EmptyBatchError(JacobpropError, ValueError):
    """A stack of zero cases."""
