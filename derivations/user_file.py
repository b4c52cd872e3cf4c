"""The derivations in a file that a user wrote, which is trusted as any Python program is."""

import importlib.util
from pathlib import Path
from traceback import extract_tb

from .proof.derivation import Derivation


class UserFileError(ValueError):
    """A file without derivations: what is wrong, where, and one remedy."""


def derivations_in(path: Path) -> tuple[Derivation, ...]:
    """The tuple ``DERIVATIONS`` of a Python file."""
    if not path.is_file():
        raise UserFileError(f"{path}: no such file; copy derivations/template.py and start from it")
    spec = importlib.util.spec_from_file_location("user_derivations", path)
    if spec is None or spec.loader is None:
        raise UserFileError(f"{path}: not a Python file; its name has to end in .py")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        raise UserFileError(f"{path}, line {error.lineno}: {error.msg}") from None
    except (Exception, SystemExit) as error:
        line = next(
            (f.lineno for f in reversed(extract_tb(error.__traceback__)) if f.filename == str(path)), "?"
        )
        raise UserFileError(f"{path}, line {line}: {type(error).__name__}: {error}") from None
    found = getattr(module, "DERIVATIONS", None)
    if not isinstance(found, tuple) or not found or not all(isinstance(d, Derivation) for d in found):
        raise UserFileError(
            f"{path}: no tuple DERIVATIONS of Derivation objects; copy derivations/template.py"
        )
    return found
