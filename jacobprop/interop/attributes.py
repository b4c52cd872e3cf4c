"""Objects of other libraries, read by their attributes: none of those libraries is imported."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..arrays import is_a
from ..errors import JacobpropError


def attribute(thing: object, name: str, default: Any = None) -> Any:
    """The attribute, or the default where there is none or reading it fails."""
    try:
        return getattr(thing, name, default)
    except Exception:  # of a property of the object's own
        return default


def text(thing: object, name: str) -> str:
    """The attribute where it is text, else empty; of a subclass of str its characters alone."""
    value = attribute(thing, name)
    return str.__str__(value) if is_a(value, str) else ""


def entries(thing: object, name: str) -> list[tuple[object, object]]:
    """Keys and values of the attribute where it is a dict, else none; one that does not tell is an entry."""
    found = attribute(thing, name)
    if not is_a(found, dict):
        return []
    try:
        return list(found.items())
    except Exception:  # of a dict of the object's own
        return [("", found)]


def defined_in(thing: object, method: str) -> tuple[str, str]:
    """Module and name of the class whose `method` the object has; empty if it has one of its own, or none.

    So a subclass counts as the class that it extends, until it replaces what that class computes.
    """
    own = attribute(thing, "__dict__")
    if not (is_a(own, dict) and dict.__contains__(own, method)):
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
