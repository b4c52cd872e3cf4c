"""The sources, read: imports go downward, at the top of the file, and nothing goes round in circles.

A checker takes {module: source} and yields sentences, so that each is also tried on sources that are wrong.
"""

import ast
import fnmatch
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest

import jacobprop as jp

ROOT = Path(__file__).parent.parent

LEVELS = (
    ("errors", "_lazy", "arrays", "layout", "elementary"),
    ("differences", "data", "jacobians", "activations", "expressions"),
    ("losses", "layers"),
    ("planning", "chain", "lifting"),
    ("names", "architecture", "returned", "factors", "walks", "record", "dialects", "network"),
    ("delta", "formulations", "files", "histories", "symbolic"),
    ("curvature", "training", "checking", "classic", "constructions", "interop", "report"),
    ("experiments",),
    ("cli", "testing", "__main__", "__init__"),
)
LEVEL = {room: level for level, rooms in enumerate(LEVELS) for room in rooms}
APART = LEVELS[6]
"""Rooms that never import each other."""

DEFERRED = {"scipy", "sympy", "matplotlib"}
ONLY_IN_CLI = {"click", "rich"}
TOP_LEVEL = {
    ".ci",
    ".git",
    ".gitignore",
    "LICENSE",
    "README.md",
    "benchmarks",
    "derivations",
    "docs",
    "jacobprop",
    "pyproject.toml",
    "tests",
}


@cache
def parsed(source):
    """The tree of a source, which many checkers walk."""
    return ast.parse(source)


class Import(NamedTuple):
    """One imported module, absolute, with the names taken from it and where it stands."""

    module: str
    names: tuple[str, ...]
    line: int
    inside: str  # the function that it stands in, or ""


def sources(package):
    """{module: source} of a package in the checkout; a package's own file is its __init__."""
    found = {}
    for path in sorted((ROOT / package).rglob("*.py")):
        found[".".join(path.relative_to(ROOT).with_suffix("").parts)] = path.read_text()
    return found


def imports(module, source, known):
    """Every import of a module, resolved; `from . import x` is the module x where there is one."""
    package = module.rpartition(".")[0].split(".")
    spans = [
        (node.lineno, node.end_lineno, node.name)
        for node in ast.walk(parsed(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    for node in ast.walk(parsed(source)):
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        inside = next((name for first, last, name in spans if first < node.lineno <= last), "")
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, (), node.lineno, inside)
            continue
        base = package[: len(package) - node.level + 1] if node.level else []
        target = ".".join([*base, *([node.module] if node.module else [])])
        submodules = [
            a.name for a in node.names if f"{target}.{a.name}" in known or is_package(target, a.name, known)
        ]
        for name in submodules:
            yield Import(f"{target}.{name}", (), node.lineno, inside)
        rest = tuple(a.name for a in node.names if a.name not in submodules)
        if rest:
            yield Import(target, rest, node.lineno, inside)


def is_package(target, name, known):
    return f"{target}.{name}.__init__" in known


def room(module):
    """The part of the package that a module belongs to; "" outside, "__init__" for the top."""
    parts = module.split(".")
    return "" if parts[0] != "jacobprop" else parts[1] if len(parts) > 1 else "__init__"


def every_import(known):
    for module, source in known.items():
        for found in imports(module, source, known):
            yield module, found


# -- the checkers ------------------------------------------------------------------------------------------


def upward(known):
    for module, found in every_import(known):
        own, other = room(module), room(found.module)
        if own not in LEVEL:
            yield f"{module}: the room {own!r} has no level"
        elif other and other != own:
            if LEVEL.get(other, 99) > LEVEL[own]:
                yield f"{module}:{found.line} imports {found.module}, which is above it"
            if other in APART and own in APART:
                yield f"{module}:{found.line} imports {found.module}: rooms of level 6 stay apart"


def from_the_top_package(known):
    for module, found in every_import(known):
        if found.module == "jacobprop" and room(module) != "__init__":
            yield f"{module}:{found.line} imports {', '.join(found.names)} from the top package"


def in_functions(known):
    for module, found in every_import(known):
        if found.inside:
            yield f"{module}:{found.line} imports {found.module} inside {found.inside}"
    for module, source in known.items():
        for node in ast.walk(parsed(source)):
            called = isinstance(node, ast.Call) and ast.unparse(node.func)
            if (
                called in ("__import__", "importlib.import_module", "import_module")
                and room(module) != "_lazy"
            ):
                yield f"{module}:{node.lineno} calls {called}"


def between_layers(known):
    for module, found in every_import(known):
        both = all(name.startswith("jacobprop.layers.") for name in (module, found.module))
        if both and not module.endswith(".__init__") and found.module != "jacobprop.layers.base":
            yield f"{module}:{found.line} imports {found.module}"


def cycles(known):
    """A module that reaches itself."""
    graph: dict[str, set[str]] = {module: set() for module in known}
    for module, found in every_import(known):
        target = found.module if found.module in known else f"{found.module}.__init__"
        if target in known:
            graph[module].add(target)
    for start in graph:
        reached, pending = set(), list(graph[start])
        while pending:
            module = pending.pop()
            if module not in reached:
                reached.add(module)
                pending += graph[module]
        if start in reached:
            yield f"{start} is in a circle"


def heavy(known):
    for module, found in every_import(known):
        top = found.module.partition(".")[0]
        if top in DEFERRED and room(module) != "_lazy":
            yield f"{module}:{found.line} imports {top}: use ._lazy"
        if top in ONLY_IN_CLI and room(module) != "cli":
            yield f"{module}:{found.line} imports {top}, which belongs to cli"


def outside(known):
    """What the library must not know, and what the derivations must not know."""
    for module, found in every_import(known):
        own, top = module.partition(".")[0], found.module.partition(".")[0]
        forbidden = {
            "jacobprop": {"tests", "derivations", "benchmarks"},
            "benchmarks": {"tests"},
            "derivations": {"tests", "benchmarks"}
            | (set() if "cross_check" in module else {"jacobprop", "numpy"}),
        }[own]
        if top in forbidden:
            yield f"{module}:{found.line} imports {found.module}"


CHECKERS = (upward, from_the_top_package, in_functions, between_layers, cycles, heavy)


@pytest.mark.parametrize("checker", CHECKERS)
def test_the_library_keeps_the_rule(checker):
    assert not list(checker(sources("jacobprop")))


@pytest.mark.parametrize("package", ["jacobprop", "derivations", "benchmarks"])
def test_a_package_knows_only_what_it_may(package):
    known = sources(package)
    assert known
    assert not list(outside(known))
    assert not list(cycles(known))
    if package != "benchmarks":  # which asks for an optional package when it runs
        assert not list(in_functions(known))


WRONG = {
    "upward": (upward, {"jacobprop.arrays": "from .jacobians import Jacobian"}),
    "upward by module": (upward, {"jacobprop.chain": "from . import record", "jacobprop.record": ""}),
    "upward from a subpackage": (upward, {"jacobprop.layers.dense": "from ..network import Network"}),
    "upward, absolute": (upward, {"jacobprop.losses": "import jacobprop.cli.program"}),
    "a room without a level": (upward, {"jacobprop.helpers": "from .arrays import Array"}),
    "level 6 among themselves": (upward, {"jacobprop.report.table": "from ..training import fit"}),
    "the top package": (from_the_top_package, {"jacobprop.layers.dense": "from .. import Jacobian"}),
    "the top package, absolute": (from_the_top_package, {"jacobprop.chain": "import jacobprop"}),
    "in a function": (in_functions, {"jacobprop.chain": "def f():\n    from .arrays import Array"}),
    "in a method": (in_functions, {"jacobprop.chain": "class A:\n    def f(self):\n        import os"}),
    "by hand": (in_functions, {"jacobprop.chain": "import importlib\nx = importlib.import_module('os')"}),
    "between layers": (between_layers, {"jacobprop.layers.conv": "from .dense import Dense"}),
    "a circle of two": (
        cycles,
        {"jacobprop.record": "from .network import Network", "jacobprop.network": "from . import record"},
    ),
    "a circle through a package": (
        cycles,
        {
            "jacobprop.jacobians.__init__": "from .base import J",
            "jacobprop.jacobians.base": "from ..jacobians import J",
        },
    ),
    "scipy": (heavy, {"jacobprop.jacobians.base": "import scipy.sparse"}),
    "sympy": (heavy, {"jacobprop.losses": "from sympy import log"}),
    "rich": (heavy, {"jacobprop.report.table": "from rich.table import Table"}),
    "tests in the library": (outside, {"jacobprop.chain": "from tests.network import market"}),
    "the library in a derivation": (outside, {"derivations.slide": "import jacobprop as jp"}),
    "numpy in a derivation": (outside, {"derivations.slide": "import numpy as np"}),
}


@pytest.mark.parametrize(("checker", "known"), WRONG.values(), ids=WRONG)
def test_a_broken_rule_is_seen(checker, known):
    assert len(list(checker(known))) >= 1


def test_what_is_allowed_is_not_called_broken():
    known = {
        "jacobprop.layers.dense": "from ..arrays import Array\nfrom .base import Layer\nimport numpy as np",
        "jacobprop.layers.base": "from ..jacobians import Jacobian",
        "jacobprop.layers.__init__": "from .dense import Dense",
        "jacobprop.losses": "from ._lazy import sympy",
        "jacobprop.activations": "from . import elementary",
        "jacobprop.elementary": "",
        "jacobprop.cli.program": "import click\nfrom ..report.units import by",
    }
    assert not [sentence for checker in CHECKERS for sentence in checker(known)]
    assert not list(outside({"derivations.cross_check": "import jacobprop"}))


# -- names -------------------------------------------------------------------------------------------------


def shadows(package, public, modules):
    """Public names that are also the name of a module or subpackage, and not that module."""
    return [n for n in public if n in modules and not isinstance(getattr(package, n), ModuleType)]


def test_no_public_name_is_also_a_modules():
    folder = Path(jp.__file__).parent
    modules = {
        path.stem for path in folder.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert {"activations", "planning", "layers"} <= modules
    assert shadows(jp, jp.__all__, modules) == []
    assert shadows(jp, ["plan"], {"plan"}) == ["plan"]  # what the check would say
    rooms = (jp.classic, jp.constructions, jp.curvature, jp.data, jp.interop, jp.jacobians, jp.layers)
    for package in (*rooms, jp.symbolic, jp.training):
        inner = {path.stem for path in Path(package.__file__).parent.glob("*.py")}
        assert shadows(package, package.__all__, inner) == []


def test_every_public_name_exists_once_and_in_order():
    assert len(set(jp.__all__)) == len(jp.__all__)
    assert sorted(jp.__all__, key=lambda name: (not name.isupper(), name)) == jp.__all__
    assert all(hasattr(jp, name) for name in jp.__all__)


# -- the checkout and the import ---------------------------------------------------------------------------


def test_nothing_else_lies_at_the_top_level():
    ignored = [line.rstrip("/") for line in (ROOT / ".gitignore").read_text().split()]
    found = {entry.name for entry in ROOT.iterdir()}
    others = {name for name in found if not any(fnmatch.fnmatch(name, pattern) for pattern in ignored)}
    assert others <= TOP_LEVEL
    assert {"jacobprop", "derivations", "tests", "benchmarks", "pyproject.toml", "LICENSE"} <= found
    assert (ROOT / "jacobprop" / "py.typed").exists()


def test_the_wheel_holds_the_library_only():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == ["jacobprop"]
    assert [name.partition(">")[0] for name in project["project"]["dependencies"]] == [
        "numpy",
        "scipy",
        "sympy",
    ]
    assert set(project["project"]["optional-dependencies"]) == {"cli", "test", "dev", "peers"}


def loaded_by(statement):
    """The top-level modules that a fresh interpreter holds after a statement."""
    code = f"{statement}\nimport sys\nprint(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    result = subprocess.run(  # noqa: S603  (our own interpreter, our own code)
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return set(result.stdout.split())


def test_importing_the_library_loads_numpy_alone():
    heavy_ones = DEFERRED | ONLY_IN_CLI | {"pandas", "torch", "jax"}
    loaded = loaded_by("import jacobprop")
    assert "numpy" in loaded
    assert not loaded & heavy_ones
    working = "import jacobprop as jp; net = jp.Network([jp.Dense(2, 2, 'tanh')], jp.SquaredError()); "
    used = loaded_by(
        working + "jp.gradients(net, [[1., 2.]], [[0., 0.]]); net.forward([1., 2.]).jacobians('a1')"
    )
    assert not used & heavy_ones
    assert "sympy" in loaded_by("import jacobprop as jp; jp.activations.get('tanh').expression")
