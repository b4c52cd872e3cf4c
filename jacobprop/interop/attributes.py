"""Objects of other libraries, read by their attributes: none of those libraries is imported."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..errors import JacobpropError


def attribute(thing: object, name: str, default: Any = None) -> Any:
    """The attribute, or the default where there is none or reading it fails."""
    try:
        return getattr(thing, name, default)
    except Exception:  # of a property of the object's own
        return default


def text(thing: object, name: str) -> str:
    """The attribute where it is text, else empty."""
    value = attribute(thing, name)
    return value if is_a(value, str) else ""


def is_a(thing: object, kind: type) -> bool:
    """Whether the type says so; isinstance asks the object as well, which may raise."""
    return issubclass(type(thing), kind)


def defined_in(thing: object, method: str) -> tuple[str, str]:
    """Module and name of the class whose `method` the object has; empty if it has one of its own, or none.

    So a subclass counts as the class that it extends, until it replaces what that class computes.
    """
    own = attribute(thing, "__dict__")
    if not (is_a(own, dict) and method in own):
        for base in type(thing).__mro__:
            if method in vars(base):
                return str(base.__module__), base.__name__
    return "", ""


@contextmanager
def located(where: str) -> Iterator[None]:
    """An error of this library that passes says first where in the other library's object it arose."""
    try:
        yield
    except JacobpropError as error:
        error.where = f"{where}: {error.where}" if error.where else where
        raise
