"""Where the cases come from: the wine data, a CSV file, or the arrays X and T of an npz file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..arrays import Array
from ..data import load_wine
from ..errors import FileFormatError, OptionError
from ..files import read_arrays
from .csv_numbers import mostly_text, numbers_in, require_no_empty
from .csv_table import Table, read_table
from .fit_target import Target, Task, number_target, numbers_target, text_target

WINE = "wine"
ARRAYS = ".npz"


class Data(NamedTuple):
    """Features (n, d) as they are measured, what is to be learnt, and features that number the rows."""

    source: str
    X: Array
    features: tuple[str, ...]
    target: Target
    counters: tuple[str, ...] = ()


def fit_data(source: str, target: str | None, drop: Sequence[str], task: Task | None) -> Data:
    """The data that a command line names."""
    columns = {"--target": target, "--drop": drop}
    if source == WINE or source.lower().endswith(ARRAYS):
        if given := [option for option, value in columns.items() if value]:
            raise OptionError(
                f"{given[0]} names a column of a CSV file",
                where="fit",
                got=source,
                remedy="Leave it out.",
            )
        return wine_data(task) if source == WINE else arrays_data(source, task)
    return csv_data(source, target, drop, task)


def wine_data(task: Task | None) -> Data:
    """178 wines of three cultivars."""
    wine = load_wine()
    cells = [wine.class_names[k] for k in wine.labels]
    return Data(WINE, wine.X, wine.feature_names, text_target(cells, "cultivar", task, WINE))


def csv_data(path: str, target: str | None, drop: Sequence[str], task: Task | None) -> Data:
    """All columns but the target and those to drop are features."""
    table = read_table(path)
    if target is None:
        few = ", ".join(table.names[:20]) + (", ..." if len(table.names) > 20 else "")
        raise OptionError(
            "which column is to be learnt",
            where=path,
            got=f"the columns {few}",
            remedy="Name it with --target COLUMN.",
        )
    learnt = _column_target(table, target, task)
    for name in drop:
        table.column(name, "--drop")
    features = tuple(name for name in table.names if name != target and name not in drop)
    if not features:
        raise OptionError(
            "no feature is left", where=path, expected="a column beside the target", remedy="Drop fewer."
        )
    X = np.column_stack([numbers_in(table, name, learnt=False) for name in features])
    return Data(path, X, features, learnt, _counters(X, features))


def _counters(X: Array, features: Sequence[str]) -> tuple[str, ...]:
    """Those that grow by 1 from row to row, as the first column of many an exported table does."""
    with np.errstate(all="ignore"):
        growing = (np.diff(X, axis=0) == 1).all(axis=0) & (len(X) > 2)
    return tuple(name for name, grows in zip(features, growing, strict=True) if grows)


def _column_target(table: Table, name: str, task: Task | None) -> Target:
    """Numbers, or classes in words; the fewer of the two are mistakes."""
    cells, where = table.column(name, "--target"), table.place(name)
    if mostly_text(cells):
        require_no_empty(table, name)
        return text_target(cells, name, task, where)
    return number_target(numbers_in(table, name, learnt=True), name, task, where)


def arrays_data(path: str, task: Task | None) -> Data:
    """X (n, d) and T, (n,) or (n, m)."""
    arrays = read_arrays(path)
    if missing := [name for name in "XT" if name not in arrays]:
        raise FileFormatError(
            f"there is no array {missing[0]}",
            where=path,
            got=", ".join(sorted(arrays)[:8]) or "no arrays",
            remedy="Write the file with numpy.savez(path, X=X, T=T).",
        )
    X, T = (np.asarray(arrays[name], dtype=np.float64) for name in "XT")
    if X.ndim != 2 or X.shape[1] == 0 or T.ndim not in (1, 2) or len(T) != len(X) or T.size < 1:
        raise FileFormatError(
            "X and T do not fit",
            where=path,
            got=f"X of shape {X.shape}, T of shape {T.shape}",
            expected="X of shape (cases, features), T of shape (cases,) or (cases, targets)",
            remedy="A single feature is X[:, None].",
        )
    for name, array in (("X", X), ("T", T)):
        _require_finite(name, array, path)
    return Data(path, X, tuple(f"x{k}" for k in range(X.shape[1])), _array_target(T, task, path))


def _array_target(T: Array, task: Task | None, path: str) -> Target:
    if T.ndim == 1 or T.shape[1] == 1:
        return number_target(T.reshape(-1), "T", task, path)
    if task == "classify":
        raise OptionError(
            "classes are one label a case",
            where=path,
            got=f"T of shape {T.shape}",
            expected="T of shape (cases,)",
            remedy="Of one-hot rows take T.argmax(axis=1).",
        )
    found = numbers_target(T, tuple(f"t{k}" for k in range(T.shape[1])), path)
    one_hot = np.isin(T, (0, 1)).all() and (T.sum(axis=1) == 1).all()
    note = "each row of T has a single 1: of classes save T.argmax(axis=1)" if one_hot else ""
    return found._replace(note=note)


def _require_finite(name: str, array: Array, path: str) -> None:
    odd = np.argwhere(~np.isfinite(array))
    if len(odd):
        place = ", ".join(map(str, odd[0]))
        raise FileFormatError(
            "a number is not finite",
            where=path,
            got=f"{name}[{place}] = {array[tuple(odd[0])]}",
            remedy="Correct it, or leave the case out.",
        )
