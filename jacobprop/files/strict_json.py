"""JSON from a stranger: few levels, no repeated keys, no NaN, and objects with exactly the keys expected."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, TypeAlias

from ..errors import FileFormatError

Data: TypeAlias = dict[str, Any]

DEEPEST = 8
MOST_DIGITS = 18
_REMEDY = "Write the file again with jp.save."


def read_json(text: bytes, where: str) -> Any:
    """JSON without NaN, repeated keys, or more than a few levels."""
    try:
        _require_shallow(text)
        return json.loads(
            text.decode("utf-8"),
            object_pairs_hook=_without_repeats,
            parse_int=_short_integer,
            parse_constant=_no_number,
        )
    except (ValueError, RecursionError) as error:
        raise FileFormatError(
            "the description is not the JSON that it should be",
            where=where,
            got=str(error)[:200],
            expected="what jp.save writes",
            remedy=_REMEDY,
        ) from error


_STRING_OR_BRACKET = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[\]{}]', re.DOTALL)


def _require_shallow(text: bytes) -> None:
    """Count brackets before the parser, which recurses, sees them."""
    depth = 0
    for found in _STRING_OR_BRACKET.finditer(text):
        depth += {b"[": 1, b"{": 1, b"]": -1, b"}": -1}.get(found[0], 0)
        if depth > DEEPEST:
            raise ValueError(f"more than {DEEPEST} levels")


def _without_repeats(pairs: list[tuple[str, Any]]) -> Data:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key that stands twice in one object")
    return found


def _short_integer(digits: str) -> int:
    if len(digits) > MOST_DIGITS:
        raise ValueError(f"a number of {len(digits)} digits")
    return int(digits)


def _no_number(word: str) -> Any:
    raise ValueError(f"{word}, which is no JSON")


def fields(value: Any, where: str, kinds: Mapping[str, Any]) -> Data:
    """An object with exactly these keys, each of its kind; a tuple lists kinds, None among them."""
    require(isinstance(value, dict), "an object is missing", type(value).__name__, "an object", where)
    odd = sorted(value.keys() ^ kinds.keys())
    what = "missing or unknown keys"
    require(not odd, what, ", ".join(repr(key[:40]) for key in odd[:8]), ", ".join(kinds), where)
    for key, kind in kinds.items():
        wanted = kind if isinstance(kind, tuple) else (kind,)
        found = None if value[key] is None else type(value[key])
        names = " or ".join("null" if kind is None else kind.__name__ for kind in wanted)
        require(found in wanted, f"{key} has the wrong type", repr(value[key])[:60], names, where)
    data: Data = value
    return data


def require(good: bool, what: str, got: object, expected: object, where: str, remedy: str = _REMEDY) -> None:
    """Refuse what is not good."""
    if not good:
        shown = repr(got)[:60] if not isinstance(got, str) else got[:400]
        raise FileFormatError(what, where=where, got=shown, expected=expected, remedy=remedy)
