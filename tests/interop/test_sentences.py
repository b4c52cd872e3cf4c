"""Every error of the room has a test that matches its sentence."""

import ast
import re
from pathlib import Path

import jacobprop
from jacobprop import errors

from . import test_scikit_learn, test_torch

ROOM = Path(jacobprop.__file__).parent / "interop"


def patterns():
    """The first argument of every error that is made, as a pattern with the blanks open."""
    for path in ROOM.glob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") in vars(errors):
                what = call.args[0]
                parts = what.values if isinstance(what, ast.JoinedStr) else [what]
                yield "".join(re.escape(p.value) if isinstance(p, ast.Constant) else ".+" for p in parts)


def test_every_error_has_its_sentence():
    tables = (test_scikit_learn.BAD, test_torch.BAD, test_torch.BAD_LOSSES)
    sentences = "\n".join(entry[-1] for table in tables for entry in table.values())
    found = list(patterns())
    assert len(found) > 15
    assert [pattern for pattern in found if not re.search(pattern, sentences)] == []
