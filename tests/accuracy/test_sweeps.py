"""Points that nothing was tuned to: all of float16, 1 % of float32 and some of float64, fresh on each run.

The seed of a run is printed where it fails. The 1 % are 83,886 of the mantissas of every sign and exponent,
42 million inputs for each activation and f and f' both: 14 s of one core for all ten.
"""

import secrets
import sys
from dataclasses import replace

import mpmath
import numpy as np
import pytest

from benchmarks.accuracy_tables import Truth, ulp_error
from jacobprop import activations, elementary
from jacobprop.losses import BinaryCrossEntropy, CrossEntropy

from . import sweep, textbook
from .__main__ import main
from .formulas import FORMULAS, ORDERS, binary_cross_entropy, cross_entropy, shares
from .promises import IN_PLACE, SOFTMAX, exceeding, promised
from .sweep import MANTISSAS, all_float16, all_float32, finite, random_float32, worst
from .witnesses import WITNESSES

NAMES = activations.NAMES
PERCENT = MANTISSAS // 100
EACH = 300
"""Fresh points of float64 for each function."""


@pytest.fixture
def seed():
    """A new one each time, which a failure shows."""
    found = secrets.randbits(32)
    print(f"seed {found}")
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_float16_is_rounded_once(name):
    found = worst(name, all_float16())
    assert found.excess <= 1, found


@pytest.mark.parametrize("name", NAMES)
def test_one_percent_of_float32_is_rounded_once(name, seed):
    rng = np.random.default_rng(seed)
    for z in random_float32(rng, PERCENT):
        if len(z):
            found = worst(name, z)
            assert found.excess <= 1, f"seed {seed}: {found}"


def every_size(dtype, rng):
    """Blocks of like size, and one of all, since kernels turn to other forms for a whole block."""
    z = all_float16() if dtype == np.float16 else np.concatenate(list(random_float32(rng, 60)))
    moderate = rng.uniform(-110, 110, 20_000).astype(dtype)
    z = np.concatenate([z, moderate])
    yield z
    yield from np.array_split(z[np.argsort(np.abs(z))], 60)
    yield from np.array_split(np.sort(z), 20)


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
@pytest.mark.parametrize("name", NAMES)
def test_in_place_keeps_eight_ulp_in_low_precision(name, dtype, seed):
    near = 4 * float(np.finfo(dtype).eps) / 2
    for z in every_size(dtype, np.random.default_rng(seed)):
        value, slope = np.empty_like(z), np.empty_like(z)
        activations.get(name).into(z, value, slope)
        double = z.astype(float)
        for order, got in enumerate((value, slope)):
            with np.errstate(all="ignore"):
                truth = WITNESSES[name][order](double)
            excess = exceeding(name, order, double, got, truth, IN_PLACE, near)
            i = int(np.argmax(excess))
            assert excess[i] <= 1, f"seed {seed}: {ORDERS[order]}({z[i]!r}) = {got[i]!r}, not {truth[i]!r}"


# ---- float64 against mpmath


def fresh(rng):
    """Where the functions bend, where they saturate, and around every power of two."""
    third = EACH // 3
    spread = rng.choice([-1, 1], third) * np.exp2(rng.uniform(-60, 9.6, third))
    return np.concatenate([rng.uniform(-6, 6, third), rng.uniform(-50, 50, third), spread])


def truth_of(numbers):
    """Any numbers of mpmath, with the rest measured there; the float need not be the nearest."""
    values = np.array([float(x) for x in numbers])
    rests = [
        float((x - mpmath.mpf(v)) / mpmath.mpf(float(np.spacing(abs(v)))) * 2**16)
        for x, v in zip(numbers, values.tolist(), strict=True)
    ]
    return Truth(values, np.array(rests))


@pytest.mark.parametrize("name", NAMES)
def test_fresh_points_of_float64_keep_the_promise(name, seed):
    z = fresh(np.random.default_rng(seed))
    for order, formula in enumerate(FORMULAS[name]):
        with mpmath.workdps(60):
            truth = truth_of([formula(mpmath.mpf(x), mpmath) for x in z.tolist()])
        got = activations.get(name).derivative(z, order) if order else activations.get(name).value(z)
        excess = exceeding(name, order, z, got, truth, promised(name, order))
        i = int(np.argmax(excess))
        assert excess[i] <= 1, f"seed {seed}: {ORDERS[order]}({z[i]!r}) = {got[i]!r}, not {truth.value[i]!r}"


def test_fresh_rows_keep_eight_ulp(seed):
    rng = np.random.default_rng(seed)
    for _ in range(EACH // 3):
        z = rng.normal(size=rng.integers(2, 11)) * 10.0 ** rng.uniform(-3, 3.5)
        with mpmath.workdps(60):
            p, q, log_p = (truth_of(each) for each in shares([mpmath.mpf(x) for x in z.tolist()], mpmath))
        got, complement = elementary.softmax(z)
        for answer, truth in ((got, p), (complement, q), (elementary.log_softmax(z), log_p)):
            assert (ulp_error(answer, truth) <= SOFTMAX).all(), f"seed {seed}: {z!r}"


@pytest.mark.parametrize("loss", [CrossEntropy(), BinaryCrossEntropy()], ids=str)
def test_fresh_heads_keep_eight_ulp(loss, seed):
    rng = np.random.default_rng(seed)
    head = cross_entropy if isinstance(loss, CrossEntropy) else binary_cross_entropy
    for number in range(EACH // 3):
        m = int(rng.integers(2, 11))
        z = rng.normal(size=m) * 10.0 ** rng.uniform(-3, 2.8)
        t = np.eye(m)[rng.integers(m)] if number % 2 else rng.dirichlet(np.ones(m))
        with mpmath.workdps(60):
            known = head(*([mpmath.mpf(x) for x in each.tolist()] for each in (z, t)), mpmath)
            value, row, larger = truth_of([known.loss]), truth_of(known.row), truth_of(known.terms)
        got, slope = loss.head(z, t)
        assert ulp_error(got[None], value) <= SOFTMAX, f"seed {seed}: {z!r}, {t!r}"
        assert (ulp_error(slope, row, of=larger) <= SOFTMAX).all(), f"seed {seed}: {z!r}, {t!r}"


# ---- the tester, tested


@pytest.mark.parametrize("order", [0, 1], ids=ORDERS[:2])
@pytest.mark.parametrize("name", ["sigmoid", "relu", "gelu"])
def test_one_float32_in_a_block_that_rounds_the_wrong_way_is_found(name, order, monkeypatch):
    right = activations.get(name)
    functions = [right.function, *right.derivatives]

    def off(z):
        return functions[order](z) * np.where(z == 1.5, 1 + 2.0**-23, 1)

    changed = [off if k == order else each for k, each in enumerate(functions)]
    wrong = replace(right, function=changed[0], derivatives=tuple(changed[1:]))
    z = np.linspace(-4, 4, 1025, dtype=np.float32)
    assert worst(name, z).excess <= 1
    monkeypatch.setitem(activations._REGISTRY, name, wrong)
    found = worst(name, z)
    assert (found.z, found.order) == (1.5, order)
    assert found.excess > 1
    assert f"f{chr(39) * order}(1.5) = " in str(found)


def test_single_precision_arithmetic_is_found_out(monkeypatch):
    right = activations.get("sigmoid")
    rough = replace(right, function=lambda z: (1 / (1 + np.exp(-z.astype(np.float32)))).astype(float))
    monkeypatch.setitem(activations._REGISTRY, "sigmoid", rough)
    for z in (np.linspace(-20, 20, 2001, dtype=np.float32), np.full(3, -90, np.float32)):
        assert worst("sigmoid", z).excess > 1


def test_nan_and_a_wrong_dtype_are_found_out(monkeypatch):
    right = activations.get("tanh")
    hole = replace(right, function=lambda z: np.where(z == 0, np.nan, np.tanh(z)))
    monkeypatch.setitem(activations._REGISTRY, "tanh", hole)
    assert worst("tanh", np.array([1, 0, 2], np.float32)).excess == np.inf
    silu = activations.get("silu")
    hole = replace(silu, derivatives=(lambda z: np.where(z == -1.25, np.nan, silu.derivatives[0](z)),))
    monkeypatch.setitem(activations._REGISTRY, "silu", hole)
    assert worst("silu", np.array([1, -1.25, 2], np.float32)).excess == np.inf  # beside a zero of silu'
    with pytest.raises(AssertionError, match="rounded once"):
        worst("tanh", np.array([1.0, 2.0], ">f4"))


def test_fresh_points_find_a_textbook_form_out(monkeypatch):
    right = activations.get("sigmoid")
    wrong = replace(right, derivatives=(textbook.sigmoid_slope, right.derivatives[1]))
    monkeypatch.setitem(activations._REGISTRY, "sigmoid", wrong)
    with pytest.raises(AssertionError, match=r"seed 3: f'\("):
        test_fresh_points_of_float64_keep_the_promise("sigmoid", 3)


# ---- the blocks and the command


def test_the_random_part_meets_every_sign_and_exponent():
    z = np.concatenate(list(random_float32(np.random.default_rng(0), 50)))
    fields, counts = np.unique(z.view(np.uint32) >> 23, return_counts=True)
    assert fields.tolist() == [f for f in range(512) if f % 256 != 255]
    assert (counts == 50).all()
    assert len(all_float16()) == 2 * 31 * 1024


def test_the_whole_is_every_float32_once():
    blocks = all_float32(part=2.0**-16)
    firsts = [int(z.view(np.uint32)[0]) for z in blocks if len(z)]
    step = 2**18
    assert firsts == [
        first for first in range(0, 2**32, step) if np.isfinite(np.uint32(first).view(np.float32))
    ]
    whole = next(all_float32())
    assert len(whole) == step
    assert np.array_equal(whole.view(np.uint32), np.arange(step))
    assert len(finite(np.array([1, np.inf, np.nan], np.float32))) == 1


def test_the_exhaustive_command_tells_the_worst_point(capsys, monkeypatch):
    assert main(["--exhaustive", "relu", "--part", "0.0001"]) == 0
    out, err = capsys.readouterr()
    assert out == "relu: 424,320 inputs, f and f'; worst every answer is the truth, rounded\n"
    assert [line.partition(",")[0] for line in err.splitlines()] == [
        f"relu: {tenths * 10:3}%" for tenths in range(1, 11)
    ]
    assert "\r" not in err
    monkeypatch.setattr(sweep, "worst", lambda name, z: sweep.Worst(2.0, 1.0, 3.0, 4.0, 1))
    assert main(["--exhaustive", "relu", "--part", "0.0001"]) == 1
    assert "worst f'(1.0) = 3.0, not 4.0: 2.000000 of what is allowed" in capsys.readouterr().out


def test_on_a_terminal_one_line_changes(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert main(["--exhaustive", "relu", "--part", "1e-9"]) == 0
    out, err = capsys.readouterr()
    assert err.count("\r") == 64
    assert (err.count("\n"), err[-1]) == (1, "\n")
    assert out.startswith("relu: 16,320 inputs")  # one of each block of finite numbers: never none


@pytest.mark.parametrize("part", ["7", "-1", "0", "nan", "1.0001", "all"])
def test_a_part_that_is_none_is_refused(part, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["--exhaustive", "relu", "--part", part])
    assert stopped.value.code == 2
    assert "argument --part: " in capsys.readouterr().err


def test_wrong_usage_of_the_command(capsys, monkeypatch):
    assert main(["--exhaustive", "swish"]) == 2
    assert capsys.readouterr().err.startswith("no activation 'swish'; there are: identity, ")
    assert main([]) == 2
    assert "--exhaustive" in capsys.readouterr().out
    monkeypatch.setitem(sys.modules, "flint", None)
    assert main(["generate"]) == 2
    assert capsys.readouterr().err == 'the tables are made with python-flint: pip install ".[dev]"\n'
