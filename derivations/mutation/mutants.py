"""A mutant of a module is the module with one term of one formula deleted, or with two indices exchanged.

Formulas are the expressions of a module: of its steps, truths and definitions, and of the names and functions
that these are made of. A mistake that a derivation refutes (``Wrong``, ``wrong=``, a function that returns
one, a name that nothing else uses) is not claimed: without a term it is another mistake, and rightly refuted.
"""

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, TypeVar, get_type_hints

from ..proof.derivation import Wrong
from ..proof.formula import D, Formula

Kind = Literal["term", "index"]
Node = TypeVar("Node", bound=ast.AST)

FUNCTIONS = {"cos", "cosh", "erf", "exp", "log", "sigmoid", "sin", "sinh", "sqrt", "tanh"}
SUMS_OF_ARGUMENTS = {"Add", "Max", "Min", "Mul"}
SUMS_OF_ONE_LIST = {"prod", "sum", "summed"}
SUMS_OVER_INDICES = {"Sum", "total"}


@dataclass(frozen=True)
class Mutant:
    """One expression of a module to put in the place of another; ``place`` is a derivation's id or a name."""

    module: str
    place: str
    kind: Kind
    old: ast.expr
    new: ast.expr

    @property
    def change(self) -> str:
        """What it changes, in words that do not depend on the layout of the source."""
        return f"{ast.unparse(self.old)} -> {ast.unparse(self.new)}"

    def __str__(self) -> str:
        return f"{self.module}:{self.old.lineno} {self.place}: {self.change}"

    def applied(self, tree: ast.Module) -> ast.Module:
        """The tree, in which the mutant was found, changed in place."""
        _Replacement(self).visit(tree)
        return ast.fix_missing_locations(tree)


class _Replacement(ast.NodeTransformer):
    def __init__(self, mutant: Mutant) -> None:
        self.mutant = mutant

    def visit(self, node: ast.AST) -> ast.AST:
        return self.mutant.new if node is self.mutant.old else self.generic_visit(node)


def mutants(module: str, tree: ast.Module) -> Iterator[Mutant]:
    """All mutants of a module: first the deleted terms of an expression, then its exchanged indices."""
    for place, old in _claims(tree):
        yield from (Mutant(module, place, "term", old, new) for new in deletions(old))
        yield from (Mutant(module, place, "index", old, new) for new in exchanges(old))


def deletions(node: ast.expr) -> Iterator[ast.expr]:
    """The expression with one term, factor, divisor, exponent, sign, function or operand deleted."""
    match node:
        case ast.BinOp() if _is_text(node):
            return
        case ast.BinOp(left=left, op=ast.Sub(), right=right):
            yield from (left, ast.UnaryOp(ast.USub(), right))
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            yield left
            if not isinstance(left, ast.Constant):  # left**0 and not 1, because 1 / 3 would be a float
                yield ast.BinOp(ast.BinOp(left, ast.Pow(), ast.Constant(0)), ast.Div(), right)
        case ast.BinOp(left=left, op=ast.Pow()):
            yield left
        case ast.BinOp(left=left, op=ast.Add() | ast.Mult() | ast.MatMult(), right=right):
            yield from (left, right)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            yield operand
        case ast.Call():
            yield from _shorter_calls(node, ast.unparse(node.func).rpartition(".")[2])


def _shorter_calls(node: ast.Call, name: str) -> Iterator[ast.expr]:
    arguments = node.args
    if name in FUNCTIONS or (len(name) == 1 and name.islower()):  # f(s), where f is a function of the layer
        yield from arguments[:1]
    if name in SUMS_OF_ARGUMENTS and not any(isinstance(a, ast.Starred) for a in arguments):
        yield from (_call(node, shorter) for shorter in _shorter(arguments))
    if name in SUMS_OVER_INDICES:
        for over in _shorter(arguments[1:]):
            yield _call(node, [arguments[0], *over]) if over else arguments[0]
    if name in SUMS_OF_ONE_LIST:
        terms = ast.Call(ast.Name("list", ast.Load()), arguments[:1], [])
        for part in (ast.Slice(lower=ast.Constant(1)), ast.Slice(upper=ast.Constant(-1))):
            yield _call(node, [ast.Subscript(terms, part, ast.Load()), *arguments[1:]])
    for k in _operands().get(name, ()):
        if any(isinstance(a, ast.Starred) for a in arguments):
            yield ast.Subscript(ast.List(arguments, ast.Load()), ast.Constant(k), ast.Load())
        else:
            yield from arguments[k : k + 1]


def _call(node: ast.Call, arguments: list[ast.expr]) -> ast.Call:
    return ast.Call(node.func, arguments, node.keywords)


def _shorter(items: list[ast.expr]) -> Iterator[list[ast.expr]]:
    return (items[:k] + items[k + 1 :] for k in range(len(items)))


def _operands() -> dict[str, list[int]]:
    """Which arguments of each kind of formula are formulas, save the derivative: it is a term by itself."""
    return {
        kind.__name__: [k for k, hint in enumerate(get_type_hints(kind).values()) if hint is Formula]
        for kind in Formula.__subclasses__()
        if kind is not D
    }


def exchanges(node: ast.expr) -> Iterator[ast.expr]:
    """The expression with two neighbouring indices exchanged: a subscript's, or an entry function's."""
    match node:
        case ast.Subscript(value=ast.Subscript(value=array, slice=ast.Name(a)), slice=ast.Name(b)) if a != b:
            inner = ast.Subscript(array, ast.Name(b, ast.Load()), ast.Load())
            yield ast.Subscript(inner, ast.Name(a, ast.Load()), ast.Load())
        case ast.Subscript(value=array, slice=ast.Tuple(elts=elements)) if _are_letters(elements):
            for letters in _swapped(elements):
                yield ast.Subscript(array, ast.Tuple(letters, ast.Load()), ast.Load())
        case ast.Lambda(args=ast.arguments(args=names, vararg=more, defaults=[]), body=body):
            for order in _swapped(names):
                changed = ast.arguments([], order, vararg=more, kwonlyargs=[], kw_defaults=[], defaults=[])
                yield ast.Lambda(changed, body)


def _swapped(nodes: Sequence[Node]) -> Iterator[list[Node]]:
    for k, (a, b) in enumerate(pairwise(nodes)):
        if ast.unparse(a) != ast.unparse(b):
            yield [*nodes[:k], b, a, *nodes[k + 2 :]]


def _are_letters(nodes: Sequence[ast.expr]) -> bool:
    return all(isinstance(node, ast.Name) and len(node.id) == 1 for node in nodes)


def _is_text(node: ast.expr) -> bool:
    if isinstance(node, ast.BinOp):
        return _is_text(node.left) or _is_text(node.right)
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _claims(tree: ast.Module) -> list[tuple[str, ast.expr]]:
    """The expressions of a module, without the names that it uses in mistakes alone."""
    used = _names(ast.walk(tree))
    statements = {statement: _name(statement) for statement in tree.body}
    while True:
        found = [pair for statement, name in statements.items() for pair in _expressions(statement, name)]
        in_mistakes = used - _names(old for _, old in found)
        if in_mistakes.isdisjoint(statements.values()):
            return found
        statements = {s: name for s, name in statements.items() if name not in in_mistakes}


def _names(nodes: Iterable[ast.AST]) -> set[str]:
    """The names that are read."""
    return {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


def _expressions(node: ast.AST, place: str) -> Iterator[tuple[str, ast.expr]]:
    """Every expression of a claim, outermost first, with the derivation or the name that it belongs to."""
    if _is_mistake(node):
        return
    match node:
        case ast.Call(func=ast.Name("Derivation"), keywords=keywords):
            named = {k.arg: k.value for k in keywords}
            if isinstance(written := named.get("id"), ast.Constant):
                place = str(written.value)
    if isinstance(node, ast.expr):
        yield place, node
    for child in ast.iter_child_nodes(node):
        yield from _expressions(child, place)


def _is_mistake(node: ast.AST) -> bool:
    match node:
        case ast.keyword(arg="wrong"):
            return True
        case ast.Call(func=ast.Name(name)):
            return name in _mistakes()
        case ast.FunctionDef(returns=ast.expr() as returns):
            return any(isinstance(part, ast.Name) and part.id in _mistakes() for part in ast.walk(returns))
    return False


def _mistakes() -> set[str]:
    kinds: list[type[Wrong]] = [Wrong, *Wrong.__subclasses__()]
    return {kind.__name__ for kind in kinds}


def _name(statement: ast.stmt) -> str:
    match statement:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return name
        case ast.Assign(targets=[target, *_]) | ast.AnnAssign(target=target):
            return ast.unparse(target)
    return ""
