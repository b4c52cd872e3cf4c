"""The derivations in a file that a user wrote, which is trusted as any Python program is."""

import importlib.util
from collections.abc import Mapping
from importlib.machinery import ModuleSpec
from pathlib import Path
from traceback import extract_tb
from types import ModuleType

from .proof.checker import Verdict, check
from .proof.derivation import Derivation
from .validation import problem, repeated

REMEDIES: Mapping[str, str] = {
    "object has no attribute 'array'": "wrap the formula in entry(...)",
    "object has no attribute 'lower'": 'make indices with index("i", n)',
    "of type <class 'builtin_function_or_method'>": 'make indices with index("i", n)',
    "of type <class 'derivations.proof.formula": "it is a formula already, and needs no entry(...)",
    "cannot unpack non-iterable": 'each step is ("reason", formula)',
    "values to unpack (expected 2": 'each step is ("reason", formula)',
}
"""What Python or sympy says of a common slip, and what to do about it."""


class UserFileError(ValueError):
    """A file without derivations that can be checked: what is wrong, where, and one remedy."""


def derivations_in(path: Path) -> tuple[Derivation, ...]:
    """The tuple ``DERIVATIONS`` of a Python file, each of which can be checked."""
    if not path.is_file():
        raise UserFileError(f"{path}: no such file; copy derivations/template.py and start from it")
    spec = importlib.util.spec_from_file_location("user_derivations", path)
    if spec is None:
        raise UserFileError(f"{path}: not a Python file; its name has to end in .py")
    found = _derivations(path, getattr(_run(path, spec), "DERIVATIONS", None))
    for derivation in found:
        if amiss := problem(derivation):
            raise UserFileError(f"{path}, derivation {derivation.id!r}: {amiss}")
    if twice := repeated(found):
        raise UserFileError(f"{path}: two derivations with the id {twice!r}; pages are named by it")
    return found


def checked(derivation: Derivation) -> Verdict:
    """The verdict; an expression that the checker has no rule for is the file's, and is named."""
    try:
        return check(derivation)
    except Exception as error:
        raise UserFileError(
            f"derivation {derivation.id!r} cannot be checked: {type(error).__name__}: {error}"
        ) from None


def _run(path: Path, spec: ModuleSpec) -> ModuleType:
    module = importlib.util.module_from_spec(spec)
    assert spec.loader is not None
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        raise UserFileError(f"{path}{_syntax(error)}") from None
    except (Exception, SystemExit) as error:
        raise UserFileError(f"{path}{_line_in(path, error)}: {_explained(error)}") from None
    return module


def _syntax(error: SyntaxError) -> str:
    """Python names no line when it cannot read the characters."""
    return f", line {error.lineno}: {error.msg}" if error.lineno else ": not UTF-8 text; save it as UTF-8"


def _line_in(path: Path, error: BaseException) -> str:
    """The last line of the file that ran; none when it could not be opened."""
    lines = [frame.lineno for frame in extract_tb(error.__traceback__) if frame.filename == str(path)]
    return f", line {lines[-1]}" if lines else ""


def _explained(error: BaseException) -> str:
    said = f"{type(error).__name__}: {error}"
    return "; ".join([said, *(remedy for slip, remedy in REMEDIES.items() if slip in said)])


def _derivations(path: Path, found: object) -> tuple[Derivation, ...]:
    if found is None:
        raise UserFileError(
            f"{path}: no tuple DERIVATIONS of Derivation objects; copy derivations/template.py"
        )
    if isinstance(found, Derivation):
        raise UserFileError(f"{path}: DERIVATIONS lacks a comma; write (Derivation(...),)")
    if not isinstance(found, tuple) or not found:
        got = "an empty tuple" if found == () else f"a {type(found).__name__}"
        raise UserFileError(f"{path}: DERIVATIONS is {got}; write (Derivation(...),)")
    for number, entry in enumerate(found, 1):
        if not isinstance(entry, Derivation):
            raise UserFileError(
                f"{path}: DERIVATIONS: entry {number} is a {type(entry).__name__}, no Derivation"
            )
    return found
