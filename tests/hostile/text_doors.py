"""Expressions as text, and activations: nothing is run, the work is bounded, and numbers are right."""

import math
import time

import numpy as np
from hypothesis import strategies as st

import jacobprop as jp
from jacobprop.expressions import read

from .material import FLOATS, contained, junk, numbers, tame
from .trying import REFUSED

NAMES = ("exp", "log", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh", "atan", "erf", "abs", "relu",
         "sigmoid", "softplus")  # fmt: skip
_RUN = []
"""What hostile text would have to append to."""

BOMBS = (
    "__import__('os').system('true')",
    "().__class__.__bases__[0].__subclasses__()",
    "z.__class__",
    "z[0]",
    "(lambda: 0)()",
    "[z for z in (1,)]",
    "z if z else 1",
    "f'{z}'",
    "9**9**9**9",
    "z**10**10",
    "exp(exp(exp(exp(z))))",
    "(" * 3000 + "z" + ")" * 3000,
    "-" * 400 + "z",
    "z" + "+z" * 240,
    "1e999*z",
    "z**1e99",
    "2**(2**(2**(2**z)))",
    "z and exit()",
    "print(z)",
    "exec('1')",
    "z; z",
    "z\nz",
    "\tz",
    "z\x00",
    "ｚ",
    "𝐳",
    "z²",
    "z := 1",
    "*z",
    "**z",
    "exp(*z)",
    "exp(z=z)",
    "exp(**z)",
    "0x10*z",
    "1_000*z",
    "1j*z",
    "True*z",
    "None",
    "...",
    "z@z",
    "z//2",
    "z%2",
    "~z",
    "not z",
    "z<1",
    "'z'",
    "b'z'",
    "{}",
    "{z}",
    "max(z)",
    "max(z,z,z)",
    "1/0*z",
    "z/0",
    "log(-1)*z",
    "z/(z-z)",
    "sqrt(-z**2-1)",
    "abs(" * 30 + "z" + ")" * 30,
    "max(z,1)*max(z,2)*max(z,3)",
    "exp" * 200,
    "z" * 501,
    " " * 600 + "z",
    "tanh(z)**100",
    "(z+1)**100",
    "(1+exp(z))**99",
    "1e-99/z",
    "10**-100*z",
    "z**0.5",
    "z**(1/3)",
    "exp(-z**2)**50",
)

grammar = st.recursive(
    st.sampled_from(["z", "z", "z", "1", "2", "0.5", "pi", "e", "1e3", "0.044715", "100"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "**"]), inner).map(
            lambda t: f"({t[0]}{t[1]}{t[2]})"
        ),
        st.tuples(st.sampled_from(NAMES), inner).map(lambda t: f"{t[0]}({t[1]})"),
        st.tuples(st.sampled_from(["max", "min"]), inner, inner).map(lambda t: f"{t[0]}({t[1]}, {t[2]})"),
        inner.map(lambda t: f"-{t}"),
    ),
    max_leaves=6,
)
words = st.lists(
    st.sampled_from(
        [
            "z",
            "(",
            ")",
            "+",
            "*",
            "**",
            "/",
            ",",
            " ",
            "1",
            "exp",
            "e9",
            ".",
            "_",
            "__",
            "[",
            "'",
            ":",
            "lambda",
        ]
    ),
    max_size=15,
).map("".join)
texts = st.one_of(grammar, grammar, words, st.text(max_size=12), st.sampled_from(BOMBS))

_REAL = {
    "exp": math.exp, "log": math.log, "sqrt": math.sqrt, "sin": math.sin, "cos": math.cos, "tan": math.tan,
    "sinh": math.sinh, "cosh": math.cosh, "tanh": math.tanh, "atan": math.atan, "erf": math.erf, "abs": abs,
    "max": max, "min": min, "pi": math.pi, "e": math.e, "relu": lambda u: max(u, 0.0),
    "sigmoid": lambda u: 1 / (1 + math.exp(-u)), "softplus": lambda u: math.log1p(math.exp(u)),
}  # fmt: skip


def value_of(text, z):
    """The value by Python itself, of a text that is known to be arithmetic; nan where it has none."""
    try:
        value = eval(text, {"__builtins__": {}}, {**_REAL, "z": z})  # noqa: S307  (texts that read() accepted)
        return float(value) if isinstance(value, int | float) else math.nan
    except (ArithmeticError, ValueError, TypeError):  # TypeError: a complex number on the way
        return math.nan


SECONDS = 20
"""Far beyond what any text may take, on a machine that is busy with other things."""


def expressions(trial):
    """expressions.read: a sympy expression with the value that Python's own arithmetic has, or a refusal."""
    text = trial.draw(texts, label="text")
    begun = time.monotonic()
    found = trial.call(read, text)
    assert time.monotonic() - begun < SECONDS
    assert not _RUN
    if found is REFUSED:
        return
    assert {str(symbol) for symbol in found.free_symbols} == {"z"}
    for z in (0.7, -1.3):
        expected = value_of(text.strip(" "), z)
        if math.isfinite(expected) and abs(expected) < 1e100:
            got = complex(found.subs(found.free_symbols.pop(), z).evalf(30))
            assert math.isclose(got.real, expected, rel_tol=1e-6, abs_tol=1e-9), (text, z, got, expected)


def written(trial):
    """Activation.from_expression: f, f' and f'' agree with Python's own arithmetic and its differences."""
    text = trial.draw(texts, label="text")
    options = {name: trial.draw(tame) for name in ("name", "at_kink") if trial.draw(st.integers(0, 5)) == 0}
    begun = time.monotonic()
    found = trial.call(jp.Activation.from_expression, text, **options)
    assert time.monotonic() - begun < SECONDS
    if found is REFUSED:
        return
    z = trial.draw(st.sampled_from([0.3, -0.8, 2.1]))
    expected = value_of(text.strip(" "), z)
    value = trial.call(found.value, np.array(z), refused=False)
    if math.isfinite(expected) and abs(expected) < 1e100:
        assert math.isclose(float(value), expected, rel_tol=1e-6, abs_tol=1e-9), (text, z, value, expected)
    wild = trial.draw(numbers((3,)))
    assert trial.call(found.value, wild, refused=False).shape == (3,)
    slopes = trial.call(found.derivative, wild, refused=False)
    assert np.isnan(slopes[np.isnan(wild)]).all()


def junk_texts(trial):
    """What is no text at all."""
    value = trial.draw(junk)
    trial.call(read, value, refused=None if isinstance(value, str) else True)
    trial.call(jp.Activation.from_expression, value, refused=None if isinstance(value, str) else True)


def activations(trial):
    """activations.get, value and derivative: shapes, dtypes, nan stays nan, and no value out of range."""
    name = trial.draw(
        st.one_of(tame, *[st.sampled_from(jp.activations.NAMES + jp.activations.THRESHOLDS)] * 4)
    )
    sides = st.one_of(tame, st.sampled_from(["left", "right", "middle", 0.5]))
    options = {"at_kink": trial.draw(sides)} if trial.draw(st.integers(0, 3)) == 0 else {}
    found = trial.call(jp.activations.get, name, **options)
    if found is REFUSED:
        return
    shape = trial.draw(st.lists(st.integers(0, 3), max_size=3).map(tuple))
    z = trial.draw(contained(trial.draw(numbers(shape)), dtypes=FLOATS), label="z")
    order = trial.draw(st.one_of(st.just(1), st.just(2), tame), label="order")
    empty = isinstance(z.value, np.ndarray) and not z.value.size  # no objects at all are nothing wrong
    bad = None if empty else z.bad
    value = trial.call(found.value, z.value, refused=bad)
    slope = trial.call(found.derivative, z.value, order, refused=True if bad else None)
    if value is REFUSED or z.bad:
        return
    for result in (value, slope) if slope is not REFUSED else (value,):
        assert result.shape == z.array.shape
        assert result.dtype == z.array.dtype
    assert np.isnan(value[np.isnan(z.array)]).all()
    plain = np.abs(z.array) < 20
    expected = [_by_hand(found.name, float(u)) for u in z.array[plain]]
    if None not in expected:
        tolerance = {np.dtype(np.float16): 1e-3}.get(z.array.dtype, 1e-6)
        assert np.allclose(value[plain].astype(float), expected, rtol=tolerance, atol=1e-7)


def _by_hand(name, u):
    if name in _REAL and name != "abs":
        return _REAL[name](u)
    by = {
        "identity": lambda u: u,
        "silu": lambda u: u / (1 + math.exp(-u)),
        "softsign": lambda u: u / (1 + abs(u)),
    }
    by["gelu"] = lambda u: u * math.erfc(-u / math.sqrt(2)) / 2
    by["step"] = lambda u: float(u > 0) if u else None  # at 0 it is what at_kink says
    by["sign"] = lambda u: math.copysign(1, u) if u else None
    return by[name](u) if name in by else None


def own(trial):
    """Activation(...) made of anything."""
    some = st.one_of(tame, st.sampled_from([(np.cos,), np.sin, "own", (np.cos, np.sin)]))
    names = ("expression_builder", "kernel", "from_output", "corners", "at_kink")
    options = {name: trial.draw(some, label=name) for name in names[-1:] if trial.draw(st.booleans())}
    arguments = [trial.draw(some) for _ in range(3)]
    found = trial.call(jp.Activation, *arguments, **options)
    if found is not REFUSED:
        assert callable(found.function)


DOORS = {
    "expressions.read": expressions,
    "Activation.from_expression": written,
    "junk for expressions": junk_texts,
    "activations": activations,
    "Activation": own,
}
