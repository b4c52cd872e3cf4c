"""Expressions and arrays as a slide writes them: z1(1-z1) x1 y1(1-y1) w11 and not w11*x1*.. ."""

from collections.abc import Sequence
from textwrap import wrap

import sympy as sp
from sympy.core.function import AppliedUndef
from sympy.functions.special.tensor_functions import KroneckerDelta

from .arrays import entries, indices
from .functions import Smooth
from .letters import PARTIAL

WIDTH = 80
ROOM = WIDTH - len("  ✓ = ")
ORDER = "Lzsxywvrt"

Block = list[str]  # lines of one width


def text(expr: sp.Expr, tight: bool = False) -> str:
    """One expression on one line."""
    if isinstance(expr, sp.Add):
        return _sum(expr, tight)
    if isinstance(expr, sp.Mul):
        return _product(expr)
    if isinstance(expr, sp.Pow):
        return _power(expr)
    if isinstance(expr, sp.Sum):
        over = "".join(f"Σ_{i}" + ("^0" if i.lower == 0 else "") + " " for i, *_ in reversed(expr.limits))
        return over + _bracketed_sum(expr.function, tight=False)
    if isinstance(expr, sp.Indexed):
        return _entry(expr)
    if isinstance(expr, KroneckerDelta):
        return "δ_" + "".join(map(str, expr.args))
    if isinstance(expr, sp.exp | sp.log | Smooth):
        return f"{expr.func.__name__}({text(expr.args[0], tight=True)})"
    if isinstance(expr, sp.Derivative):
        return f"∂{text(expr.expr)}/∂{'∂'.join(map(text, expr.variables))}"
    if expr.func == PARTIAL:
        return "∂{}/∂{}".format(*map(_operand, expr.args))
    if isinstance(expr, AppliedUndef):
        return str(expr.func)
    if isinstance(expr, sp.Function | sp.Max | sp.Min):
        return f"{expr.func.__name__.lower()}({', '.join(text(part, tight=True) for part in expr.args)})"
    return str(expr)


def _operand(expr: sp.Expr) -> str:
    """What is differentiated, in brackets unless it is a letter."""
    return text(expr) if isinstance(expr, sp.Symbol | sp.Indexed) else f"({text(expr, tight=True)})"


def _entry(expr: sp.Indexed) -> str:
    """w_ij; with a layer number l, w(l)_ij."""
    layer = [str(i).replace(" ", "") for i in expr.indices if not isinstance(i, sp.Idx | sp.Integer)]
    units = "".join(str(i) for i in expr.indices if isinstance(i, sp.Idx | sp.Integer))
    return str(expr.base) + (f"({','.join(layer)})" if layer else "") + (f"_{units}" if units else "")


def _bracketed_sum(expr: sp.Expr, tight: bool = True) -> str:
    inside = text(expr, tight=tight)
    return f"({inside})" if isinstance(expr, sp.Add) else inside


def _sum(expr: sp.Add, tight: bool) -> str:
    terms = sorted(expr.args, key=lambda term: (_is_negative(term), term.has(sp.Sum), _key(term)))
    line = text(terms[0])
    for term in terms[1:]:
        sign, size = ("-", -term) if _is_negative(term) else ("+", term)
        line += (sign if tight else f" {sign} ") + text(size)
    return line


def _product(expr: sp.Mul) -> str:
    coefficient, rest = expr.as_coeff_Mul()
    below = [1 / f for f in _factors(rest) if f.is_Pow and f.exp.is_negative]
    above = [f for f in _factors(rest) if not (f.is_Pow and f.exp.is_negative)]
    if not above:
        above, coefficient = [sp.Abs(coefficient)], sp.sign(coefficient)
    sign = {1: "", -1: "-"}.get(coefficient, f"{coefficient} ")
    if not below:
        return sign + _line(above)
    single = len(below) == 1 and not isinstance(below[0], sp.Sum | sp.Add)
    return sign + _line(above) + "/" + (_line(below) if single else f"({_unbracketed(below)})")


def _factors(product: sp.Expr) -> tuple[sp.Expr, ...]:
    return tuple(sp.Mul.make_args(product))


def _unbracketed(factors: Sequence[sp.Expr]) -> str:
    return text(factors[0], tight=True) if len(factors) == 1 else _line(factors)


def _line(unsorted: Sequence[sp.Expr]) -> str:
    """Factors in the slide's order, sums with a sign last."""
    factors = sorted(unsorted, key=lambda f: (isinstance(f, sp.Sum), not isinstance(f, sp.Add), _key(f)))
    words = []
    for factor in factors:
        if isinstance(factor, sp.Add) and 1 - factor in factors:
            continue  # written together with its letter, as z1(1-z1)
        complement = isinstance(factor, sp.Symbol | sp.Indexed) and 1 - factor in factors
        word = _bracketed_sum(factor)
        if isinstance(factor, sp.Sum) and factor is not factors[-1]:
            word = f"({word})"
        words.append(word + (f"({text(1 - factor, tight=True)})" if complement else ""))
    return " ".join(words)


def _power(expr: sp.Pow) -> str:
    base, exponent = expr.args
    inside = text(base, tight=True)
    plain = base.is_Atom or isinstance(base, AppliedUndef | sp.Indexed | sp.Function)
    inside = inside if plain else f"({inside})"
    if exponent == -1:
        return f"1/{inside}"
    if exponent.is_negative:
        return f"1/{text(1 / expr)}"
    return (
        f"{inside}^{text(exponent)}"
        if exponent.is_Integer or exponent.is_Symbol
        else f"{inside}^({exponent})"
    )


def _is_negative(term: sp.Expr) -> bool:
    return bool(term.as_coeff_Mul()[0].is_negative)


def _key(expr: sp.Expr) -> list[tuple[int, str]]:
    """The letters of an expression, by their place in the slide's order: z before x before y before w."""
    entries_in = expr.atoms(sp.Indexed)
    bases = {entry.base.label for entry in entries_in}
    letters = {a for a in expr.atoms(sp.Symbol, sp.Idx) if a not in bases and not isinstance(a, sp.Idx)}
    names = [str(symbol) for symbol in letters | entries_in]
    return sorted(((ORDER + name[0]).index(name[0]), name) for name in names)  # other letters come last


def beside(*blocks: Block) -> Block:
    """Blocks in one row, each centred vertically."""
    height = max(map(len, blocks))
    padded = []
    for block in blocks:
        blank = " " * len(block[0])
        above = (height - len(block)) // 2
        padded.append([blank] * above + block + [blank] * (height - len(block) - above))
    return ["".join(line) for line in zip(*padded, strict=True)]


def array(value: sp.Array) -> Block:
    """An array: a matrix, or a grid of inner vectors or matrices; one entry a line where it is too wide."""
    if value.rank() == 3 and value.shape[-1] == 1:
        value = value.reshape(*value.shape[:-1])  # the slide prints no brackets round one number
    block = _grid(value)
    return block if len(block[0]) <= ROOM else _listing(value)


def _grid(value: sp.Array) -> Block:
    if value.rank() == 0:
        return [text(value[()])]
    rows, columns = value.shape[:2] if value.rank() > 1 else (1, value.shape[0])
    flat = value.reshape(rows, columns, *value.shape[2:])
    cells = [[_cell(flat[i, j]) for j in range(columns)] for i in range(rows)]
    widths = [max(len(row[j][0]) for row in cells) for j in range(columns)]
    opening, closing = ("[ ", " ]") if value.rank() <= 2 else ("( ", " )")
    gap = ["  "]
    lines: Block = []
    for row in cells:
        padded = [[line.ljust(width) for line in cell] for cell, width in zip(row, widths, strict=True)]
        if lines and len(row[0]) > 1:
            lines.append(" " * len(lines[0]))
        lines += beside(*(part for cell in padded for part in (gap, cell)))
    return [opening + line[2:] + closing for line in lines]


def _cell(value: sp.Expr | sp.Array) -> Block:
    return _grid(value) if isinstance(value, sp.NDimArray) else [text(value)]


def _listing(value: sp.Array) -> Block:
    lines: Block = []
    for index, entry in zip(indices(value.shape), entries(value), strict=True):
        place = f"{numbered(index)}  " if index else ""
        unbroken = text(entry).replace(" ", "~").replace("~+~", " +~").replace("~-~", " -~")
        parts = wrap(place + unbroken, ROOM, subsequent_indent=" " * len(place), break_long_words=False)
        lines += [part.replace("~", " ") for part in parts]
    return block(*lines)


def block(*lines: str) -> Block:
    """Lines filled up to one width."""
    width = max(map(len, lines))
    return [line.ljust(width) for line in lines]


def numbered(index: Sequence[int]) -> str:
    """An index counted from 1, as on a slide."""
    return "[" + ",".join(str(i + 1) for i in index) + "]"
