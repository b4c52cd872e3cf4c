"""The modules in which formulas are written, and which of them imports from which."""

import ast
import sys
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, replace
from graphlib import TopologicalSorter
from importlib.util import resolve_name
from pathlib import Path

from .. import catalogue
from ..proof import checker, wrong
from ..proof.derivation import Derivation

FOLDER = Path(__file__).parents[1]
PACKAGE = catalogue.__package__


@dataclass(frozen=True)
class Library:
    """Modules, parsed, and for each the others that it imports from."""

    trees: Mapping[str, ast.Module]
    imports: Mapping[str, Set[str]]

    def reading(self, module: str) -> list[str]:
        """The modules that import from a module, directly or not, each after those that it imports from."""
        found = {module: None}
        for name in TopologicalSorter(self.imports).static_order():
            if found.keys() & self.imports[name]:
                found[name] = None
        return list(found)[1:]

    def derivations(self, module: str) -> list[Derivation]:
        """Those of a module as it is now and of the modules that import from it, each lemma by itself."""
        names = (module, *self.reading(module))
        whole = (d for name in names for d in getattr(sys.modules[name], "DERIVATIONS", ()))
        parts = {id(part): part for d in whole for part in d.parts}
        return [replace(part, lemmas=()) for part in parts.values()]


def library() -> Library:
    """The modules of the catalogue that hold derivations and what they import, without the language.

    The language says what a formula means, and is no formula: the checker with all that it imports, and
    the mistakes.
    """
    trees = {_module(path): ast.parse(path.read_text(encoding="utf-8")) for path in FOLDER.rglob("*.py")}
    every = {name: set(_imports(name, tree)) & trees.keys() for name, tree in trees.items()}
    gathering = {name for name in trees if name.endswith(".__init__")} | {catalogue.__name__}
    imports = {name: found - gathering for name, found in every.items() if name not in gathering}
    loaded = _reached(every, {catalogue.__name__}) - gathering
    language = _reached(imports, {checker.__name__, wrong.__name__})
    chosen = _reached(imports, {name for name in loaded if _holds_derivations(trees[name])}) - language
    return Library({n: trees[n] for n in sorted(chosen)}, {n: imports[n] & chosen for n in chosen})


def _module(path: Path) -> str:
    return ".".join((PACKAGE, *path.relative_to(FOLDER).with_suffix("").parts))


def _imports(module: str, tree: ast.Module) -> Iterator[str]:
    package = module.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            source = resolve_name("." * node.level + (node.module or ""), package)
            names = (source, *(f"{source}.{alias.name}" for alias in node.names))
            yield from (found for name in names for found in (name, f"{name}.__init__"))


def _holds_derivations(tree: ast.Module) -> bool:
    written = (ast.unparse(node) for node in tree.body if isinstance(node, ast.Assign | ast.AnnAssign))
    return any(line.startswith(("DERIVATIONS =", "DERIVATIONS:")) for line in written)


def _reached(imports: Mapping[str, Set[str]], start: Set[str]) -> set[str]:
    found, pending = set(start), list(start)
    while pending:
        new = imports[pending.pop()] - found
        found |= new
        pending += new
    return found
