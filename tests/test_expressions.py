"""Activations from text: hostile strings, values and derivatives against mpmath, kinks, networks."""

import ast
import builtins
import math
import os
import pickle
import subprocess
import sys
from threading import Thread

import mpmath
import numpy as np
import pytest
import sympy

import jacobprop as jp
from jacobprop.errors import CheckFailed, OptionError, UnknownNameError, UnsafeExpressionError
from jacobprop.expressions import advice, proofs, read, reading, rules
from jacobprop.expressions.forms import smooth_pieces, stable
from jacobprop.expressions.rules import plain
from jacobprop.formulations import FORMULATIONS

z = sympy.Symbol("z", real=True)
write = jp.Activation.from_expression

HOSTILE = {
    "attribute": ("().__class__.__bases__", "no meaning here; got '.__class__"),
    "attribute of z": ("z.real", "column 2: this character has no meaning here; got '.real'"),
    "method": ("exp.__call__(z)", "column 4"),
    "import": ("__import__('os').system('touch owned')", r"column 12: .*got \"'\""),
    "import by name": ("__import__(z)", "this cannot be called; got '__import__', expected one of abs, atan"),
    "open": ("open(z)", "this cannot be called"),
    "eval": ("eval(z)", "this cannot be called"),
    "call of a call": ("exp(z)(z)", "this cannot be called"),
    "call of a number": ("2(z)", r"column 1: this cannot be called; got '2'\. Write 2\*\(z\)"),
    "lambda": ("(lambda z: z)(1)", "column 2: this word is not arithmetic; got 'lambda'"),
    "conditional": (
        "z if z else 1",
        "column 3: this word is not arithmetic; got 'if'. Conditions are not read",
    ),
    "and": ("z and z", "column 3: .*got 'and'. Conditions are not read: use max, min, abs, relu"),
    "not": ("not z", "column 1: .*got 'not'"),
    "in": ("z in z", "column 3: .*got 'in'"),
    "await": ("await z", "column 1: this word is not arithmetic; got 'await'"),
    "yield": ("(yield z)", "not arithmetic"),
    "comprehension": ("[z for z in z]", "got '\\['"),
    "generator": ("max(z for z in z)", "column 7: this word is not arithmetic; got 'for'"),
    "generator of two": ("max(z, (z for z in z))", "not arithmetic"),
    "tuple": ("(z, z)", "column 3: this comma separates no arguments; got ','"),
    "string": ("'z'", "no meaning here"),
    "f-string": ("f'{z}'", "no meaning here"),
    "bytes": ('b"z"', "no meaning here"),
    "subscript": ("exp(z)[0]", "no meaning here"),
    "walrus": ("(z:=3)", "no meaning here"),
    "comparison": ("z<1", "no meaning here"),
    "semicolon": ("z;z", "no meaning here"),
    "comment": ("z#", "no meaning here"),
    "backslash": ("z\\", "no meaning here"),
    "keyword": ("exp(u=z)", "no meaning here"),
    "star": ("exp(*z)", r"column 5: nothing stands between '\(' and '\*'"),
    "two stars": ("exp(**z)", r"column 5: nothing stands between '\(' and '\*\*'"),
    "NUL": ("z\0", "got '.x00'"),
    "newline": ("z\n+z", "no meaning here"),
    "form feed": ("\fz", "no meaning here"),
    "Cyrillic": ("z+\u0430tan(z)", r"column 3: .*got '.u0430'\. Only ASCII"),
    "full width": ("\uff5a", "Only ASCII"),
    "minus sign": ("\u2212z", "Only ASCII"),
    "Kelvin, in a call": ("\u212a(z)", "Only ASCII"),
    "superscript": ("z\u00b2", "Only ASCII"),
    "Arabic digit": ("\u0663*z", "Only ASCII"),
    "digit after a number": ("2\u0663*z", "Only ASCII"),
    "surrogate": ("z\ud800", "Only ASCII"),
    "direction": ("z\u202e", "Only ASCII"),
    "caret": ("z^2", r"Write a power as z\*\*2"),
    "floor": ("z//2", "column 2: a division without remainder .*got '//'. Write z/2"),
    "remainder": ("z%2", "no meaning here"),
    "matmul": ("z@z", "no meaning here"),
    "boolean": ("True*z", "not arithmetic"),
    "nothing": ("None", "not arithmetic"),
    "complex": ("1j*z", "runs into"),
    "hexadecimal": ("0x10*z", "runs into"),
    "underscore": ("1_0*z", "runs into"),
    "two dots": ("1..real", "runs into"),
    "no star": ("2z", r"column 1: a number runs into what follows; got '2z'\. Write the product with a star"),
    "another variable": ("z+x", "column 3: this name is not known; got 'x', .*The variable is z"),
    "a capital": ("Z", r"got 'Z'.*Did you mean z\?"),
    "uncalled": ("z+exp", r"column 3: exp is a function; got 'exp'\. Write exp\(z\)"),
    "no argument": ("exp()", r"exp takes 1 argument\(s\)"),
    "two arguments": ("exp(z, z)", "exp takes 1"),
    "three arguments": ("max(z, 1, 2)", "max takes 2"),
    "empty": ("", "cannot be read; got nothing"),
    "blank": (" ", "cannot be read"),
    "open bracket": ("exp(-z", r"column 4: a parenthesis is not closed; got '\('"),
    "closing bracket": ("z)", r"column 2: a parenthesis is closed that was not opened; got '\)'"),
    "octal": ("0123*z", "cannot be read"),
    "keyword alone": ("import", "word is not arithmetic; got 'import'"),
    "assignment": ("del z", "word is not arithmetic; got 'del'"),
    "constant": ("3", "does not depend on z"),
    "constant after all": ("z-z+1", "does not depend on z"),
    "tower": ("9**9**9", "column 4: a constant is out of range|column 4: the exponents are too large"),
    "tower of z": ("z**z**z", "the exponent must be a number"),
    "variable exponent": ("(1+z**2)**z", r"the exponent must be a number; .*Write exp\(p\*log\(u\)\)"),
    "negative base": ("(-2)**z", "exponent must be a number"),
    "large exponent": ("2**(10**9)*z", "exponents are too large"),
    "powers of powers": ("((z+1)**50)**50", "exponents are too large; got '50', expected at most 100"),
    "long product": ("(z+1)**60*(z+2)**60", "grows too large"),
    "exact growth": ("1.00000001**50**50*z", "too large|out of range"),
    "slow exact growth": ("*".join(["0." + "7" * 37] * 12) + "*z", "grows too large|out of range"),
    "hidden growth": ("z" + ("*1" + "0" * 38) * 10, "grows too large"),
    "hidden growth in f'": (
        "sin(1e90*" * 4 + "z" + ")" * 4,
        "a coefficient of f, f' or f'' is too large. Scale",
    ),
    "large product": ("10**300*10**300*z", "too large|out of range"),
    "factoring": ("sqrt(10**4000+1)*z", "too large|out of range"),
    "exp of exp": ("exp(exp(exp(1000)))+z", "no finite real value"),
    "tiny": ("1e-90*1e-90*z", "out of range"),
    "large literal": ("1e999999999*z", "too long or too large"),
    "large power of ten": ("1e400*z", "too long or too large"),
    "long literal": ("9" * 50 + "*z", "too long or too large"),
    "nested": ("(" * 10**5 + "z" + ")" * 10**5, "has 200001 characters; .*expected at most 500"),
    "nested a little": ("(" * 99 + "z" + ")" * 99, "nested too deeply"),
    "signs": ("-" * 400 + "z", "too large"),
    "calls": ("tanh(" * 20 + "z" + ")" * 20, "functions are nested too deeply"),
    "long": ("z" * 10**6, "has 1000000 characters"),
    "many": ("+".join(["z"] * 200), "too large"),
    "many, side by side": ("+".join(["(" + "+".join(["z"] * 12) + ")"] * 3), "64 operations"),
    "division by zero": ("z/0", "no finite real value"),
    "division by a hidden zero": ("z/(sqrt(2)**2-2)", "no finite real value"),
    "logarithm of -1": ("log(-1)*z", "no finite real value"),
    "root of -2": ("sqrt(-2)*z", "no finite real value"),
    "complex root": ("(-8)**(1/3)*z", "no finite real value"),
    "logarithm": ("log(z)", r"log\(z\) is not finite at z = -100\. An activation is finite"),
    "root": ("sqrt(z)", "not finite at z = "),
    "reciprocal": ("1/z", "not finite at z = 0|pole"),
    "pole between points": ("1/(z-0.123)", "has a pole between z = 0.013 and 0.21"),
    "tangent": ("tan(z)", "has a pole between"),
    "infinite slope": ("sqrt(abs(z))", "f' of .* is not finite at z = 0"),
    "curved corner": (
        "max(z, z**2)",
        "turns where no linear equation says. Apply abs, max, min and relu to .* linear in z.$",
    ),
    "many corners": ("+".join(f"abs(z-{k})" for k in range(9)), "more than 8 corners"),
}


@pytest.mark.parametrize(("text", "message"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_text_is_refused_at_once_and_runs_nothing(text, message, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    read("z")  # loads sympy
    ran = []
    for name in ("eval", "exec", "open", "compile"):
        original = getattr(builtins, name)

        def spy(*args, _name=name, _original=original, **kwargs):
            if not sys._getframe(1).f_code.co_filename.startswith("<frozen importlib"):  # sympy's own modules
                ran.append((_name, sys._getframe(1).f_code.co_name))
            return _original(*args, **kwargs)

        monkeypatch.setattr(builtins, name, spy)
    monkeypatch.setattr(os, "system", ran.append)
    with pytest.raises(UnsafeExpressionError, match=message) as caught:
        write(text)
    monkeypatch.undo()
    assert set(ran) <= {("compile", "parse")}  # ast.parse: see the next test
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert len(caught.value.got) <= 60
    assert len(str(caught.value)) < 300
    assert str(caught.value).isascii()
    assert list(tmp_path.iterdir()) == []


NO_CONDITIONS = "Conditions are not read: use max, min, abs, relu."
MEANT = {
    "sigmoid": (1, "sigmoid is a function", "sigmoid", "Write sigmoid(z)."),
    "max": (1, "max is a function", "max", "Write max(z, 0)."),
    "tanh z": (1, "tanh is a function", "tanh", "Write tanh(z)."),
    "1+tanh 2": (3, "tanh is a function", "tanh", "Write tanh(2)."),
    "sin -z": (1, "sin is a function", "sin", "Write sin(z)."),
    "(z": (1, "a parenthesis is not closed", "(", "Write arithmetic in z"),
    "max(z,0": (4, "a parenthesis is not closed", "(", "Write arithmetic in z"),
    "(z+(1)": (1, "a parenthesis is not closed", "(", "Write arithmetic in z"),
    "z +": (3, "it ends after '+'", "+", "Write arithmetic in z"),
    "2*z*": (4, "it ends after '*'", "*", "Write arithmetic in z"),
    "z**": (2, "it ends after '**'", "**", "Write arithmetic in z"),
    "exp(z,": (6, "it ends after ','", ",", "Write arithmetic in z"),
    "/z": (1, "it begins with '/'", "/", "Write arithmetic in z"),
    "z+*2": (3, "nothing stands between '+' and '*'", "*", "Write arithmetic in z"),
    "exp(z,)": (7, "nothing stands between ',' and ')'", ")", "Write arithmetic in z"),
    "exp(,z)": (5, "nothing stands between '(' and ','", ",", "Write arithmetic in z"),
    "z+()": (4, "a parenthesis is empty", ")", "Write arithmetic in z"),
    "z,z": (2, "this comma separates no arguments", ",", "Write arithmetic in z"),
    "max((z,0),z)": (7, "this comma separates no arguments", ",", "Write arithmetic in z"),
    "z 2": (3, "an operator is missing", "2", "A product has a star: z*2."),
    "(z) z": (5, "an operator is missing", "z", "A product has a star: (...)*z."),
    "3(z)": (1, "this cannot be called", "3", "Write 3*(z)."),
    "z(1+z)": (1, "this cannot be called", "z", "Write z*(1+z)."),
    "(z)(1+z)": (3, "this cannot be called", ")", "Write (...)*(1+z)."),
    "pi(exp(z))": (1, "this cannot be called", "pi", "Write pi*(...)."),
    "3exp(z)": (1, "a number runs into what follows", "3exp", "with a star: 3*exp."),
    "np.tanh(z)": (1, "a name has a prefix", "np.tanh", "Write tanh(z), without np."),
    "z*np.pi": (3, "a name has a prefix", "np.pi", "Write pi, without np."),
    "z>0": (2, "this character has no meaning here", ">", NO_CONDITIONS),
    "z==0": (2, "this character has no meaning here", "=", NO_CONDITIONS),
    "where(z, 0, z)": (1, "this cannot be called", "where", NO_CONDITIONS),
    "Tanh(z)": (1, "this cannot be called", "Tanh", "Did you mean tanh?"),
    "z*E": (3, "this name is not known", "E", "Did you mean e?"),
    "tnah(z)": (1, "this cannot be called", "tnah", "Did you mean tanh?"),
    "ln(z)": (1, "this cannot be called", "ln", "Did you mean log(z)?"),
    "silu(z)": (1, "this cannot be called", "silu", "Did you mean z*sigmoid(z)?"),
    "swish": (1, "this name is not known", "swish", "Did you mean z*sigmoid(z)?"),
    "gelu(z)": (1, "this cannot be called", "gelu", "Did you mean 0.5*z*(1 + erf(z/sqrt(2)))?"),
    "f(z)": (1, "this cannot be called", "f", "The variable is z."),
}  # fmt: skip


@pytest.mark.parametrize("text", MEANT)
def test_a_slip_is_pointed_at_and_what_was_meant_is_written(text):
    column, what, got, remedy = MEANT[text]
    with pytest.raises(UnsafeExpressionError) as caught:
        write(text)
    assert caught.value.where == f"Activation.from_expression, column {column}"
    assert (caught.value.what, caught.value.got) == (what, repr(got))
    assert remedy in caught.value.remedy


BY_NAME = {
    "elu": lambda x: x if x > 0 else mpmath.expm1(x),
    "erfc": mpmath.erfc,
    "expit": lambda x: 1 / (1 + mpmath.exp(-x)),
    "gelu": lambda x: x * mpmath.ncdf(x),
    "hardtanh": lambda x: max(-1, min(1, x)),
    "leaky_relu": lambda x: x if x > 0 else x / 100,
    "log10": mpmath.log10,
    "log2": lambda x: mpmath.log(x, 2),
    "mish": lambda x: x * mpmath.tanh(mpmath.log1p(mpmath.exp(x))),
    "relu6": lambda x: min(max(x, 0), 6),
    "silu": lambda x: x / (1 + mpmath.exp(-x)),
    "softsign": lambda x: x / (1 + abs(x)),
}


def test_what_is_proposed_for_a_name_is_that_function():
    assert {"ln", "swish", "arctan", "pow"} | BY_NAME.keys() <= advice.WRITTEN_AS.keys()
    for name, text in advice.WRITTEN_AS.items():
        expression = read(text)
        for point in (0.3, 1.7, 8.0) if name.startswith(("log1", "log2", "ln")) else (-2.5, 0.3, 8.0):
            value = float(expression.subs(z, point))
            assert name not in BY_NAME or value == pytest.approx(float(BY_NAME[name](point)), rel=1e-12), name


def test_elu_with_its_corner_outside_is_told_where_to_put_it():
    with pytest.raises(UnsafeExpressionError, match=r"Move the corner inside: exp\(min\(z, 0\)\) - 1\.$"):
        write("max(z,0)+min(0,exp(z)-1)")
    assert write("max(z,0) + exp(min(z, 0)) - 1").kinks == ()


def test_what_the_screen_lets_through_the_reader_refuses_all_the_same():
    for text in ("z if z else 1", "z//2", "(z, z)", "[z]", "z.real", "True", "exp(u=z)", "exp(z)(z)"):
        with pytest.raises(UnsafeExpressionError, match=r"this is not arithmetic|this cannot be called"):
            reading._Reader(text).part(ast.parse(text, mode="eval").body, 1)


def test_blanks_around_a_text_mean_nothing():
    assert read("  z*2 ") == 2 * z


@pytest.mark.parametrize("name", [3, "", " ", ("a",)])
def test_an_activation_has_a_name(name):
    with pytest.raises(OptionError, match=r"Activation: an activation needs a name; got .* the name\."):
        write("z*2", name=name)


def test_an_unknown_activation_is_told_how_to_write_it():
    with pytest.raises(UnknownNameError, match=r'such as Activation.from_expression\("max\(z, z/100\)"\)\.'):
        jp.Dense(3, 2, "maxout")


def test_gelu_with_a_root_is_compared_and_with_decimals_proved():
    root, decimals = (
        write(f"0.5*z*(1+tanh({factor}*(z + 0.044715*z**3)))").expression_builder.proof
        for factor in ("sqrt(2/pi)", "0.7978845608")
    )
    assert root == "compared with 350 digits at up to 27 points a piece"
    assert decimals == "proved"


def test_the_only_compilation_is_to_a_syntax_tree():
    """With the flag PyCF_ONLY_AST, so that nothing comes out that could run."""
    flags = []
    original = builtins.compile

    def spy(source, filename, mode, flags_=0, *args, **kwargs):
        flags.append(kwargs.get("flags", flags_))
        return original(source, filename, mode, flags_, *args, **kwargs)

    builtins.compile = spy
    try:
        read("z + 0.123456")
    finally:
        builtins.compile = original
    assert flags == [ast.PyCF_ONLY_AST]


@pytest.mark.parametrize("thing", [3, None, b"z", ["z"], z])
def test_only_text_is_an_expression(thing):
    with pytest.raises(UnsafeExpressionError, match=r"no text; got \w+, expected a str\. Write arithmetic"):
        write(thing)


@pytest.mark.parametrize("failure", [MemoryError, RecursionError, ValueError, SyntaxError])
def test_whatever_the_parser_raises_is_the_same_error(monkeypatch, failure):
    def parse(*args, **kwargs):
        raise failure

    monkeypatch.setattr(reading.ast, "parse", parse)
    with pytest.raises(UnsafeExpressionError, match="cannot be read"):
        read("z*0.98765")


def test_sympy_is_never_given_text(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError

    monkeypatch.setattr(sympy, "lambdify", refuse)
    monkeypatch.setattr(sympy, "parse_expr", refuse)
    assert write("z*exp(-z**2)*1.25").value(0.5) == pytest.approx(0.625 * math.exp(-0.25), rel=1e-15)


def test_numbers_are_exact_and_words_mean_what_they_say():
    assert read("0.044715*z") == z * sympy.Rational(44715, 10**6)
    assert read("1e-3*z + .5 - 2.") == z / 1000 - sympy.Rational(3, 2)
    assert read("pi*z**e") == sympy.pi * z**sympy.E
    assert read("-+z/3*sigmoid(z)") == -z / 3 / (1 + sympy.exp(-z))
    assert read("softplus(z)-relu(z)+min(z, 2)") == sympy.log(1 + sympy.exp(z)) - sympy.Max(z, 0) + sympy.Min(
        z, 2
    )
    assert read("2**z") == 2**z
    assert read(
        "abs(z)+atan(z)+cos(z)+cosh(z)+erf(z)+sin(z)+sinh(z)+tan(z)+tanh(z)+log(z)+sqrt(z)+exp(z)"
    ) == sum(
        f(z)
        for f in (
            sympy.Abs,
            sympy.atan,
            sympy.cos,
            sympy.cosh,
            sympy.erf,
            sympy.sin,
            sympy.sinh,
            sympy.tan,
            sympy.tanh,
            sympy.log,
            sympy.sqrt,
            sympy.exp,
        )
    )


# -- values ------------------------------------------------------------------------------------------------

POINTS = [-700.0, -300, -40, -19.3, -7.1, -1.6, -0.3, -1e-9, 1e-9, 0.2, 1.1, 3.3, 12, 26, 80, 300, 700]


def softplus(x):
    return mpmath.log1p(mpmath.exp(x))


NUMERIC = {  # the function by mpmath, and the largest errors allowed of f, f', f'' in ulp; all are measured
    "1/(1+exp(-z))": (lambda x: 1 / (1 + mpmath.exp(-x)), (3, 3, 4)),
    "exp(z)/(1+exp(z))": (lambda x: 1 / (1 + mpmath.exp(-x)), (3, 3, 4)),
    "sigmoid(z)": (lambda x: 1 / (1 + mpmath.exp(-x)), (3, 3, 4)),
    "log(1+exp(z))": (softplus, (3, 3, 3)),
    "z/(1+exp(-z))": (lambda x: x / (1 + mpmath.exp(-x)), (4, 4, 8)),
    "z*tanh(log(1+exp(z)))": (lambda x: x * mpmath.tanh(softplus(x)), (4, 6, 60)),
    "(exp(z)-exp(-z))/(exp(z)+exp(-z))": (mpmath.tanh, (2, 4, 5)),
    "2/(1+exp(-2*z))-1": (mpmath.tanh, (2, 4, 5)),
    "z/(1+abs(z))": (lambda x: x / (1 + abs(x)), (2, 3, 4)),
    "z/sqrt(1+z**2)": (lambda x: x / mpmath.sqrt(1 + x * x), (2, 4, 6)),
    "log(1+z**2)": (lambda x: mpmath.log(1 + x * x), (2, 3, 6)),
    "z**3-2*z+1e-3": (lambda x: x**3 - 2 * x + mpmath.mpf(1) / 1000, (8, 3, 1)),
    "max(z,0)+exp(min(z,0))-1": (lambda x: x if x > 0 else mpmath.expm1(x), (2, 2, 2)),
    # exp(u) of a rounded u is off by half a unit of u's last place: 256 ulp at z = 26, 1024 at 38
    "z*exp(-z**2)": (lambda x: x * mpmath.exp(-x * x), (300, 300, 300)),
    "0.5*z*(1+erf(z/sqrt(2)))": (lambda x: x * mpmath.erfc(-x / mpmath.sqrt(2)) / 2, (200, 200, 200)),
    "2**z/(1+2**z)": (lambda x: 1 / (1 + mpmath.power(2, -x)), (500, 500, 500)),
}


@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("text", NUMERIC)
def test_values_and_derivatives_against_mpmath(text, order):
    activation, (function, allowed) = write(text), NUMERIC[text]
    x = np.array(POINTS)
    with np.errstate(all="raise"):
        got = activation.value(x) if order == 0 else activation.derivative(x, order)
    with mpmath.workdps(700):  # mpmath differentiates by differences
        for point, result in zip(POINTS, got, strict=True):
            truth = mpmath.diff(function, mpmath.mpf(point), order) if order else function(mpmath.mpf(point))
            if abs(truth) < 2.0**-1022:
                assert abs(result) <= 2.0**-1022
            else:
                assert abs(mpmath.mpf(float(result)) - truth) <= allowed[order] * np.spacing(
                    abs(float(truth))
                )


EVERY_FUNCTION = {
    "exp(z)": mpmath.exp,
    "sin(z)": mpmath.sin,
    "cos(z)": mpmath.cos,
    "tan(atan(z)/2)": lambda x: mpmath.tan(mpmath.atan(x) / 2),
    "sinh(z)": mpmath.sinh,
    "cosh(z)": mpmath.cosh,
    "tanh(z)": mpmath.tanh,
    "erf(z)": mpmath.erf,
    "1-erf(z)": mpmath.erfc,
    "1-tanh(z)": lambda x: 1 - mpmath.tanh(x),
    "1+tanh(z)": lambda x: 1 + mpmath.tanh(x),
    "1-tanh(z)**2": lambda x: 1 / mpmath.cosh(x) ** 2,
    "sigmoid(z)*(1-sigmoid(z))": lambda x: 1 / (2 + 2 * mpmath.cosh(x)),
    "softplus(2*z)-log(2)": lambda x: softplus(2 * x) - mpmath.log(2),
    "exp(z)-exp(-2*z)": lambda x: mpmath.exp(x) - mpmath.exp(-2 * x),
    "log(exp(z)+exp(-z))": lambda x: mpmath.log(2 * mpmath.cosh(x)),
    "3**z": lambda x: mpmath.power(3, x),
    "(2+z**2)**pi": lambda x: (2 + x * x) ** mpmath.pi,
    "atan(z)": mpmath.atan,
}


@pytest.mark.parametrize("text", EVERY_FUNCTION)
def test_every_function_and_its_two_derivatives(text):
    x, activation, function = np.array([-2.25, -0.625, 0.375, 1.5, 3.75]), write(text), EVERY_FUNCTION[text]
    with mpmath.workdps(60):
        truths = np.array(
            [
                [mpmath.diff(function, mpmath.mpf(p), k) if k else function(mpmath.mpf(p)) for p in x]
                for k in range(3)
            ]
        ).astype(float)
    got = [activation.value(x), activation.derivative(x), activation.derivative(x, 2)]
    np.testing.assert_allclose(got, truths, rtol=2e-14, atol=1e-15)


def test_no_false_zero_and_no_nan_far_out():
    x = np.array([-np.inf, -1e308, -1e200, -800.0, 800.0, 1e200, 1e308, np.inf, np.nan])
    for text, left, right in [
        ("1/(1+exp(-z))", 0, 1),
        ("(exp(z)-exp(-z))/(exp(z)+exp(-z))", -1, 1),
        ("z*exp(-z**2)", 0, 0),
        ("z/(1+abs(z))", None, None),
        ("1/cosh(z)", 0, 0),
        ("exp(-exp(-z))", 0, 1),
    ]:
        f = write(text)
        with np.errstate(all="raise"):
            value, slope, curve = f.value(x), f.derivative(x), f.derivative(x, 2)
        if left is not None:
            np.testing.assert_array_equal(value, [left] * 4 + [right] * 4 + [np.nan], err_msg=text)
            np.testing.assert_array_equal(slope, [0] * 8 + [np.nan], err_msg=text)
        assert not np.isnan([value[:-1], slope[:-1], curve[:-1]]).any(), text
    np.testing.assert_array_equal(write("z/(1+z**2)").value([1e200, -1e300]), [1e-200, -1e-300])
    np.testing.assert_allclose(
        write("z**50*exp(-z**2)").value(28.0), float(mpmath.mpf(28) ** 50 * mpmath.exp(-784))
    )
    softplus_ = write("log(1+exp(z))")
    np.testing.assert_array_equal(softplus_.value([800.0, 1e308, np.inf]), [800, 1e308, np.inf])
    assert np.isnan(write("sin(z)").value(np.inf))  # no limit
    np.testing.assert_array_equal(write("exp(z)").value([1000.0, -np.inf]), [np.inf, 0])


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_smaller_floats_round_once(dtype):
    f, x = write("z*exp(-z**2)"), np.linspace(-3, 3, 41).astype(dtype)
    for got, wide in (
        (f.value(x), f.value(x.astype(float))),
        (f.derivative(x), f.derivative(x.astype(float))),
    ):
        assert got.dtype == dtype
        np.testing.assert_array_equal(got, wide.astype(dtype))


# -- proofs ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", NUMERIC)
def test_the_stable_form_is_the_same_function(text):
    for _, piece in smooth_pieces(read(text)):
        difference = plain(stable(piece)) - piece
        for point in (sympy.Rational(-7, 5), sympy.Rational(3, 11)):
            assert abs(sympy.N(difference.subs(z, point), 60)) < 1e-50


def test_derivatives_are_proved_and_the_measured_error_is_told():
    for text in NUMERIC:
        assert write(text).expression_builder.proof == "proved", text
        assert write(text).expression_builder.error < 1e-12, text
    hard = write("tanh(tanh(tanh(tanh(z))))").expression_builder
    assert hard.proof == "compared with 350 digits at up to 27 points a piece"
    assert write("log(z+sqrt(1+z**2))").expression_builder.error > 1e-14  # it cancels, and says so


def test_a_wrong_rule_is_seen_by_the_comparison(monkeypatch):
    monkeypatch.setitem(rules._SLOPES, "sin", lambda u: -sympy.cos(u))
    with pytest.raises(CheckFailed, match=r"differs from sympy's; got -.*expected .*Please report"):
        write("sin(1.0625*z)")


def test_a_slightly_wrong_rule_is_not_proved(monkeypatch):
    monkeypatch.setitem(rules._SLOPES, "atan", lambda u: 1 / (1 + u**2) + sympy.Rational(1, 10**50))
    monkeypatch.setattr(proofs, "_AGREE", 1.0)
    assert write("atan(1.0625*z)").expression_builder.proof != "proved"


def test_expression_and_latex():
    f = write("z*exp(-z**2)")
    assert f.name == "z*exp(-z**2)"
    assert f.expression == z * sympy.exp(-(z**2))
    assert f.derivative_expression() == sympy.diff(f.expression, z)
    assert f.latex == "z e^{- z^{2}}"
    assert f._repr_latex_() == "$f(z) = z e^{- z^{2}}$"
    assert jp.activations.get("tanh").latex == r"\tanh{\left(z \right)}"
    assert jp.Activation("square", np.square, (np.sign,))._repr_latex_() is None
    assert write("z", name="line").name == "line"
    assert write("abs(z)").expression == sympy.Piecewise((-z, z <= 0), (z, True))
    entries = np.array([[z + 1, 2], [sympy.Symbol("y", real=True), 0]], dtype=object)
    assert f.value(entries)[0, 0] == (z + 1) * sympy.exp(-((z + 1) ** 2))
    assert f.derivative(entries)[0, 1] == -7 * sympy.exp(-4)


# -- kinks -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "corners", "f"),
    [
        ("abs(z)", [(0, -1, 1)], np.abs),
        ("relu(z-1)", [(1, 0, 1)], lambda x: np.maximum(x - 1, 0)),
        ("relu(1-z)", [(1, -1, 0)], lambda x: np.maximum(1 - x, 0)),
        ("max(z, z/8)", [(0, 0.125, 1)], lambda x: np.where(x > 0, x, x / 8)),
        ("min(max(z,-1),1)", [(-1, 0, 1), (1, 1, 0)], lambda x: np.clip(x, -1, 1)),
        ("z*relu(min(z+3,6))/6", [(-3, 0, -0.5), (3, 1.5, 1)], lambda x: x * np.clip(x + 3, 0, 6) / 6),
        ("relu(abs(z)-1)", [(-1, -1, 0), (1, 0, 1)], lambda x: np.maximum(abs(x) - 1, 0)),
        ("max(max(z,-1),2*z)", [(-1, 0, 1), (0, 1, 2)], lambda x: np.maximum(np.maximum(x, -1), 2 * x)),
        ("max(z, z-1)", [], lambda x: x),
        ("min(z, z-1)", [], lambda x: x - 1),
        ("z*abs(z)", [], lambda x: x * abs(x)),
        ("abs(z)**1.5", [], lambda x: abs(x) ** 1.5),
        ("sqrt((z-2)**2)", [(2, -1, 1)], lambda x: abs(x - 2)),
    ],
)
def test_corners_are_found_and_chosen(text, corners, f):
    activation = write(text)
    assert [(c.point, c.left, c.right) for c in activation.corners] == corners
    x = np.sort(np.append(np.linspace(-4.3, 4.3, 40), [-3.0, -1, 0, 1, 2, 3]))
    np.testing.assert_allclose(activation.value(x), f(x), rtol=1e-15, atol=1e-300)
    for point, left, right in corners:
        assert activation.derivative(float(point)) == left
        for at_kink, wanted in (("right", right), ("middle", (left + right) / 2), (0.75, 0.75)):
            for other in (activation.with_kink(at_kink), write(text, at_kink=at_kink)):
                assert other.derivative(float(point)) == wanted
                value, slope = np.empty(1), np.empty(1)
                other.into(np.array([float(point)]), value, slope)
                assert slope == wanted
                symbolic = other.derivative(np.array([sympy.Integer(point)], dtype=object))
                assert float(symbolic[0]) == wanted
        step = 2.0**-30
        assert (f(point) - f(point - step)) / step == pytest.approx(left, abs=1e-8)
        assert (f(point + step) - f(point)) / step == pytest.approx(right, abs=1e-8)


# -- in the library ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("formulation", FORMULATIONS)
@pytest.mark.parametrize(
    "text", ["z*exp(-z**2)", "z/(1+abs(z))", "max(z, 0.1*z)", "0.5*z*(1+erf(z/sqrt(2)))"]
)
def test_every_formulation_takes_it(text, formulation):
    rng = np.random.default_rng(5)
    layers = [jp.Dense(3, 4, write(text)), jp.Dense(4, 2, write(text))]
    net = jp.Network(layers, loss=jp.SquaredError(), seed=1)
    X, T = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    expected = jp.gradients(net, X, T, formulation="finite_difference")
    for name, gradient in jp.gradients(net, X, T, formulation=formulation).items():
        np.testing.assert_allclose(gradient, expected[name], rtol=1e-6, atol=1e-8)
    single = jp.gradients(net.with_parameters({k: v.astype("f4") for k, v in net.parameters.items()}), X, T)
    assert single["W1"].shape == (3, 4)


def test_it_pickles_without_sympy(tmp_path):
    f = write("max(z, 0.1*z)*exp(-z**2)", at_kink="right")
    again = pickle.loads(pickle.dumps(f))  # noqa: S301  (our own bytes)
    assert again == f
    assert hash(again) == hash(f)
    assert again.expression == f.expression
    (tmp_path / "f").write_bytes(pickle.dumps(f))
    code = (
        "import pickle, sys, numpy as np; f = pickle.load(open(sys.argv[1], 'rb'));"
        "print(f.value(np.array([0.5])), f.derivative(0.0), 'sympy' in sys.modules)"
    )
    result = subprocess.run(  # noqa: S603  (our own interpreter, our own code)
        [sys.executable, "-c", code, str(tmp_path / "f")], capture_output=True, text=True, check=True
    )
    assert result.stdout.split() == ["[0.38940039]", "1.0", "False"]


# -- neither a hostile text nor an accepted one can keep the machine busy ------------------------------------

SLOW = (
    "sin(exp(z))",
    "1/(1+3**exp(z**4))",
    "sin(exp(exp(z)))",
    "tan(sin(exp(z**3)))",
    "atan(3)+sin(exp(z**2))",
)
"""Arguments of sin and exponents of 10^(10^k), which exact arithmetic could not reduce in a lifetime."""


def test_no_text_keeps_the_machine_busy():
    code = (
        "import sys, numpy as np, jacobprop as jp\n"
        "for text in sys.stdin.read().split(chr(0)):\n"
        "    try: jp.Activation.from_expression(text).value(np.array([1e6, -1e8, 1e200, 3.0]))\n"
        "    except jp.errors.UnsafeExpressionError: pass\n"
    )
    printable = [text for text, _ in HOSTILE.values() if text.isascii() and "\0" not in text]
    texts = "\0".join([*SLOW, *printable])
    subprocess.run([sys.executable, "-c", code], input=texts, text=True, check=True, timeout=120)  # noqa: S603


def test_exact_arithmetic_leaves_the_precision_of_others_alone():
    bump = write("z*exp(-z**2)")
    before = mpmath.mp.dps
    threads = [Thread(target=bump.value, args=(np.linspace(1e3, 1e200, 20) * k,)) for k in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert mpmath.mp.dps == before
    np.testing.assert_array_equal(bump.value(np.array([1e100, 1e200])), [0.0, 0.0])
