"""The command line: what it prints, how wide, its exit codes, and that it fails in one line."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import jacobprop as jp
from jacobprop.cli import demo_command, measuring
from jacobprop.cli.measuring import Measurement, measure_all, require_agreement
from jacobprop.cli.networks import Description
from jacobprop.cli.program import program
from jacobprop.cli.symbolic_check import SymbolicCheck, check_321
from jacobprop.cli.wine_task import HELD_OUT, slide_task, softmax_task
from jacobprop.errors import CheckFailed
from jacobprop.formulations import FORMULATIONS
from jacobprop.report.notation import ASCII
from jacobprop.report.plan_table import PlanTable, factors_of

SLIDE = ["3-2-1", "--names", "X Y Z", "--weights", "V W", "--no-bias"]
ROOT = Path(__file__).parent.parent


def run(*words):
    return CliRunner().invoke(program, list(words), prog_name="jacobprop")


def good(*words):
    result = run(*words)
    assert result.exit_code == 0, result.stderr
    return result.stdout


def shell(*words, **options):
    """The command line as a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", "COLUMNS": "200"}
    environment |= options.pop("env", {})
    command = [sys.executable, *options.pop("python", ["-m", "jacobprop"]), *words]
    options = {"capture_output": True, "env": environment, "timeout": 60, "check": False} | options
    return subprocess.run(command, **options)  # noqa: S603  (our own command)


# -- chain -----------------------------------------------------------------------------------------


def test_chain_prints_table_and_steps():
    text = good("chain", *SLIDE)
    assert "J_V^L = J_Z^L · J_Y^Z · J_V^Y" in text
    assert re.search(r"3  J_V\^Y +diag\(f′_Y\) ⊗ X +left ⊗ y +2×3×2 +40 / 96 +2\n", text)
    assert re.search(r"total +72 / 120 +5\n", text)
    assert re.search(r"1  J_Z\^L · J_Y\^Z → J_Y\^L +1×1 · 1×2 → 1×2 +3\n", text)
    assert "J_W^L = J_Z^L · J_W^Z" in text  # every weight unless --wrt says otherwise


def test_chain_shows_the_numbers_of_the_running_row():
    net = Description((3, 2, 1), bias=False, names="X Y Z", weights="V W")
    gradient = net.record(net.network()).gradients()["W1"]
    text = good("chain", *SLIDE, "--wrt", "V")
    for value in gradient.ravel():
        assert f"{value:.2e}" in text


COMMANDS = [
    ["chain", "3-2-1"],
    ["chain", "13-5-3", "--loss", "cross-entropy", "--cases", "20"],
    ["chain", "784-256-128-10", "--loss", "cross-entropy", "--cases", "64"],
    ["chain", "6-6-6-6", "--activation", "tanh", "--of", "a3"],
    ["chain", "4-3-2", "--loss", "binary-cross-entropy", "--wrt", "b2"],
    ["chain", "4-3-2", "--loss", "mean-squared-error", "--activation", "relu", "--wrt", "a0"],
    ["chain", "3-2-2", "--output-activation", "softmax", "--names", "alpha beta gamma delta"],
    ["chain", "3-2-1", "--names", "[bold]X[/bold] " + "Y" * 90 + " :smile:", "--weights", r"\x1b V"],
    ["chain", "-".join(["2"] * 40), "--wrt", "W1"],
    ["plan", "3-2"],
    ["plan", "512-512-8-512-512"],
    ["plan", "100000-1000-100-100000", "--cases", "1000000", "--activation", "tanh", "--row"],
    ["plan", "-".join(map(str, range(1000, 1201)))],
    ["plan", "-".join(map(str, range(2, 260)))],
    ["plan", "5-100-5-2-2", "--max-bytes", "1599"],
    ["check", "net.npz"],
    ["diagnose", "net.npz", "right.npz"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command)[:40])
def test_eighty_columns_and_no_trailing_space(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    net = jp.Network([jp.Dense(3, 2, "tanh")], jp.SquaredError())
    X, T = np.array([[0.5, -1.0, 0.25]]), np.array([[0.5, 0.25]])
    jp.save(net, "net.npz", X=X, T=T)
    np.savez("right.npz", **net.forward(X, T).gradients())
    assert_tidy(good(*command))


def assert_tidy(text):
    lines = text.splitlines()
    assert max(map(len, lines)) <= 80
    assert not [line for line in lines if line.rstrip() != line]


def test_names_are_data_not_markup():
    text = good("chain", "3-2-1", "--names", "[red]X[/red] :smile: \x1b[31mZ", "--wrt", "W1")
    assert "[red]X[/red]" in text
    assert ":smile:" in text
    assert "\x1b" not in text
    assert r"\x1b[31mZ" in text


def test_what_is_given_and_the_forward_pass_can_be_redone():
    """The printed numbers alone give the printed activations, to their four decimals."""
    text = good("chain", *SLIDE)
    assert "X input;  Sum_Y = X V;  Y = sigmoid(Sum_Y);  f′_Y = f′(Sum_Y)" in text
    assert text.count("(left ⊗ y)[o,i,j] = left[o,j] y[i]") == 1
    given, forward = (text.split(f"\n{word}\n")[1].split("\n\n")[0] for word in ("Given", "Forward"))
    net = Description((3, 2, 1), bias=False, names="X Y Z", weights="V W")
    record = net.record(net.network())
    for array in (*net.network().parameters.values(), record.activation(0), record.target):
        assert all(f"{value:.4f}" in given for value in array.ravel())
    for k in (1, 2):
        for array in (record.sum(k), record.activation(k), record.activation(k) * (1 - record.activation(k))):
            assert all(f"{value:.4f}" in forward for value in array.ravel())


def test_large_matrices_are_not_given():
    text = good("chain", "784-256-128-10")
    assert "Given" not in text
    assert "z1 = a0 W1 + b1" in text
    assert "a3 = p = softmax(a2)" in good("chain", "13-5-3", "--loss", "cross-entropy")


def test_a_deep_network_shows_the_first_chain_and_the_last():
    text = good("chain", "-".join(["2"] * 12))
    assert re.findall(r"^J_(W\d+)\^L = ", text, re.MULTILINE) == ["W1", "W11"]
    assert "9 chains between these are left out: --wrt W2 shows the first of them" in text
    assert len(text.splitlines()) < 120
    assert "left out" not in good("chain", "2-2-2-2-2")
    assert "J_W5^L" in good("chain", "-".join(["2"] * 12), "--wrt", "W5")


def test_large_arrays_are_elided_in_json():
    text = good("chain", "500-400-3", "--json")
    assert len(text) < 200_000
    data = json.loads(text)
    for array in (data["network"]["parameters"]["W1"], data["gradients"]["W1"]):
        assert array == {"shape": [500, 400], "note": "not written: more than 100,000 numbers"}
    assert np.array(data["network"]["parameters"]["W2"]).shape == (400, 3)


def test_no_minus_zero():
    for seed in range(40):
        description = Description((5, 4, 3), cases=4, seed=seed)
        net = description.network()
        record = description.record(net)
        for array in (*net.parameters.values(), record.activation(0), record.target):
            assert not np.signbit(array[array == 0]).any()


def test_the_cheapest_order_is_named():
    assert "cheaper in the order" in good("chain", "30-20-2-20-30", "--of", "a4", "--wrt", "a0")
    assert "cheaper" not in good("chain", "30-20-2-20-30")


def rebuilt(data):
    """The network of the JSON, built from its words and numbers."""
    network = data["network"]
    made = [eval(words, vars(jp)) for words in (*network["layers"], network["loss_function"])]  # noqa: S307  (our own reprs)
    net = jp.Network(made[:-1], loss=made[-1])
    net = net.with_parameters({name: np.array(array) for name, array in network["parameters"].items()})
    return net, net.forward(np.array(network["X"]), np.array(network["T"]))


@pytest.mark.parametrize(
    "loss", ["squared-error", "mean-squared-error", "binary-cross-entropy", "cross-entropy"]
)
def test_json_is_the_record(loss):
    data = json.loads(good("chain", "4-3-2", "--loss", loss, "--cases", "3", "--seed", "5", "--json"))
    _, record = rebuilt(data)
    assert data["seed"] == 5
    assert data["network"]["loss"] == record.loss
    for name, gradient in record.gradients().items():
        np.testing.assert_array_equal(data["gradients"][name], gradient)
    for chain in data["chains"]:
        J = record.jacobian(chain["of"], chain["wrt"])
        np.testing.assert_array_equal(chain["jacobian"], J.tensor())
        shown = record.chain(chain["of"], chain["wrt"])
        assert [row["symbol"] for row in chain["factors"]] == list(shown.symbols)
        assert [row["stored_bytes"] for row in chain["factors"]] == [F.nbytes for F in shown.factors]
        assert chain["totals"]["multiply_adds"] == shown.plan("backward").multiply_adds
        for row, step in zip(chain["steps"], shown.steps(), strict=True):
            np.testing.assert_array_equal(row["R"], step.after.tensor())


def test_json_of_one_pair():
    data = json.loads(good("chain", "4-3-2", "--of", "a2", "--wrt", "z1", "--json"))
    (chain,) = data["chains"]
    assert (chain["of"], chain["wrt"]) == ("a2", "z1")
    np.testing.assert_array_equal(chain["jacobian"], rebuilt(data)[1].jacobian("a2", "z1").tensor())


def test_seed_and_cases():
    assert good("chain", "3-2-1", "--seed", "1") == good("chain", "3-2-1", "--seed", "1")
    assert good("chain", "3-2-1", "--seed", "1") != good("chain", "3-2-1", "--seed", "2")
    assert "7 cases" in good("chain", "3-2-1", "--cases", "7")


def test_no_bias():
    assert "b1" in json.loads(good("chain", "3-2-1", "--json"))["gradients"]
    assert "b1" not in json.loads(good("chain", "3-2-1", "--json", "--no-bias"))["gradients"]


def test_latex():
    text = good("chain", *SLIDE, "--latex")
    assert text.count(r"\begin{") == text.count(r"\end{")
    assert text.strip().endswith(r"\end{document}")
    net = Description((3, 2, 1), bias=False, names="X Y Z", weights="V W")
    for value in net.network().parameters["W1"].ravel():
        assert f"{value:.4f}" in text


def test_random_numbers_are_short():
    """Three decimals, so that they can be copied by hand."""
    description = Description((5, 4, 3), cases=4, seed=9)
    net = description.network()
    record = description.record(net)
    for array in (*net.parameters.values(), record.activation(0), record.target):
        np.testing.assert_array_equal(array, array.round(3))


# -- demo ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def whole_demo():
    """The demo as it runs without a command, nothing left out."""
    result = run()
    assert result.exit_code == 0, result.stderr
    return result


@pytest.fixture
def quick(monkeypatch):
    """Only two formulations, for tests of something else."""
    two = {name: FORMULATIONS[name] for name in ("structured", "delta")}
    monkeypatch.setattr(measuring, "FORMULATIONS", two)


def test_demo_says_everything(whole_demo):
    for words in (
        "J_V^L = J_S^L · J^soft · J_Y^Z · J_V^Y",
        "The running R",
        *FORMULATIONS,
        "8 of 8 entries",
        "dL/dv11 = (z1 − t1) · z1 (1 − z1) w11 · y1 (1 − y1) x1",
        "60 epochs",
        "held-out accuracy 97.7%",
    ):
        assert words in whole_demo.stdout, words
    assert_tidy(whole_demo.stdout)


def test_progress_is_silent_without_a_terminal(whole_demo):
    assert whole_demo.stderr == ""
    assert "\x1b" not in whole_demo.stdout
    assert "\r" not in whole_demo.stdout


@pytest.mark.usefixtures("quick")
def test_demo_of_the_slide():
    text = good("--slide", "--epochs", "2")  # without a command these are the demo's options
    assert "13-5-1 sigmoid" in text
    assert "2 epochs, batches of 1," in text
    assert_tidy(text)


@pytest.mark.usefixtures("quick")
def test_demo_json():
    data = json.loads(good("demo", "--json", "--epochs", "3", "--seed", "4"))
    assert [m["formulation"] for m in data["formulations"]] == ["structured", "delta"]
    assert all(m["agrees"] and m["seconds"] > 0 and m["peak_bytes"] > 0 for m in data["formulations"])
    assert len(data["training"]["train_loss"]) == len(data["training"]["held_out_loss"]) == 4
    assert data["symbolic"]["entries"] == 8
    task = softmax_task(4)
    gradients = task.net.forward(task.train.X[:32], task.train.T[:32]).gradients()
    for name, array in gradients.items():
        np.testing.assert_array_equal(data["gradients"][name], array)


@pytest.mark.parametrize("task", [softmax_task(3), slide_task(3)], ids=["softmax", "slide"])
def test_wine_tasks(task):
    wine = jp.load_wine()
    assert len(task.train.X) + len(task.held_out.X) == len(wine.X)
    assert len(task.held_out.X) == HELD_OUT
    both = np.concatenate([task.train.X, task.held_out.X])
    assert len(np.unique(both, axis=0)) == len(np.unique(wine.X, axis=0))  # every wine on one side
    before, epochs = task.accuracy(task.net), min(task.epochs, 60)
    trained = jp.fit(
        task.net, *task.train, epochs=epochs, learning_rate=task.learning_rate, batch_size=task.batch_size
    )
    assert task.accuracy(trained.network) >= 0.8 > before


def test_scaling_looks_at_training_cases_only():
    X = softmax_task(0).train.X
    np.testing.assert_allclose(X.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(X.std(axis=0), 1)
    X = slide_task(0).train.X
    assert (X.min(axis=0) == 0).all()
    assert (X.max(axis=0) == 1).all()
    assert set(np.unique(slide_task(0).train.T)) == {0.1, 0.5, 0.9}


@pytest.mark.usefixtures("quick")
def test_a_wrong_formulation_fails(monkeypatch):
    def wrong(net, X, T):
        return {name: 1.001 * array for name, array in FORMULATIONS["structured"](net, X, T).items()}

    monkeypatch.setattr(measuring, "FORMULATIONS", {**measuring.FORMULATIONS, "simplified": wrong})
    result = run("demo", "--epochs", "0")
    assert result.exit_code == 1
    assert one_line(result) == (
        "jacobprop: formulation 'simplified' differs from the structured chain; "
        "got 1.0e-03 relative, expected at most 1e-12."
    )
    assert "held-out accuracy" in result.stdout  # everything is shown before it fails


@pytest.mark.usefixtures("quick")
def test_a_wrong_symbolic_check_fails(monkeypatch):
    wrong = SymbolicCheck(8, ("dL/dv11",), slide_entry=True)
    monkeypatch.setattr(demo_command.DemoRun, "symbolic", wrong)
    result = run("demo", "--epochs", "0")
    assert result.exit_code == 1
    assert "got dL/dv11" in one_line(result)
    with pytest.raises(CheckFailed, match="another entry"):
        SymbolicCheck(8, (), slide_entry=False).require()


@pytest.mark.seed("D-64")
def test_symbols_through_the_production_chain():
    assert check_321() == SymbolicCheck(8, (), slide_entry=True)


def test_a_saturated_network_is_refused_not_wrong():
    net = jp.Network([jp.Dense.from_arrays([[800.0, 0.0]]), jp.Softmax()], loss=jp.CrossEntropy())
    measured = {m.formulation: m for m in measure_all(net, np.array([[1.0]]), np.array([1]))}
    assert "structured" in measured["numpy_dot"].refused
    assert measured["delta"].agrees
    assert not measured["delta"].refused
    require_agreement([measured["numpy_dot"], measured["delta"]])
    with pytest.raises(CheckFailed, match="'delta'"):
        require_agreement([measured["delta"], Measurement("delta", 1.0, 1, 1e-9)])


# -- pictures --------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["png", "svg", "PDF"])
def test_plot(tmp_path, ending):
    file = tmp_path / f"chain.{ending}"
    result = run("chain", *SLIDE, "--plot", str(file))
    assert result.exit_code == 0, result.stderr
    assert file.stat().st_size > 5000
    assert str(file) in result.stderr  # and not in stdout, which may be JSON


@pytest.mark.usefixtures("quick")
def test_plot_of_the_demo_has_1280_by_720_pixels(tmp_path):
    file = tmp_path / "demo.png"
    good("demo", "--epochs", "2", "--plot", str(file))
    width, height = (int.from_bytes(file.read_bytes()[k : k + 4], "big") for k in (16, 20))
    assert (width, height) == (1280, 720)


def test_plot_into_nowhere_is_refused_before_the_work(tmp_path, monkeypatch):
    monkeypatch.setattr(demo_command, "softmax_task", lambda seed: pytest.fail("the work began"))
    file = tmp_path / "file.png"
    file.write_text("kept")
    for wrong, words in (
        (tmp_path, "is a directory"),
        (tmp_path / "missing" / "x.png", "there is no directory"),
        (tmp_path / "x.gif", "must end in .png, .svg, .pdf"),
        (tmp_path / "x", "must end in"),
        (file / "x.png", "there is no directory"),
    ):
        result = run("demo", "--plot", str(wrong))
        assert result.exit_code == 2
        assert words in one_line(result)
    if Path("/proc").is_dir():  # where nobody may make a file, not even root
        assert "cannot be written" in one_line(run("demo", "--plot", "/proc/x.png"))

    def refuse(path, *mode, **encoding):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", refuse)
    for name in ("file.png", "new.png"):
        assert "cannot be written: Permission denied" in one_line(run("demo", "--plot", str(tmp_path / name)))
    assert file.stat().st_size == len("kept")


def test_a_full_disk_is_one_line(tmp_path, monkeypatch):
    def full(figure, path):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr("jacobprop.cli.pictures.save", full)
    result = run("chain", "3-2-1", "--plot", str(tmp_path / "x.png"))
    assert result.exit_code == 2
    assert "No space left on device" in one_line(result)


# -- plan ------------------------------------------------------------------------------------------

WHY = {
    "512-512-8-512-512": "Optimal: first the factors on both sides of layer 2, the narrowest with 8 units; "
    "the largest array, 512×512, comes last.",
    "512-8-512-8-512": "Optimal: first the factors above layer 1, one of the narrowest with 8 units; "
    "the largest array, 512×512, comes last.",
    "20-2-300-400-50-3": "Optimal: first the factors above layer 1, the narrowest with 2 units; "
    "the product across it comes last.",
    "3-50-400-300-2-20": "Optimal: first the factors below layer 4, the narrowest with 2 units; "
    "the product across it comes last.",
    "30-300-20-300-19": "Optimal: first the factors on both sides of layer 2; "
    "the product across it comes last. Backward takes 1.31 times the multiply-adds.",
    "2-30-40-50": "Optimal: forward. Its running product keeps the 2 columns of the input; "
    "every other width is larger.",
    "50-40-30-2": "Optimal: backward. Its running product keeps the 2 rows of the output; "
    "every other width is larger.",
    "1-30-40-50": "Optimal: forward. Its running product keeps the 1 column of the input; "
    "every other width is larger.",
    "784-256-10-1": "Optimal: backward. Under a row it multiplies that row by one factor after the other. "
    "Planning does not speed up backpropagation.",
    "300-2-300-300": "Optimal: backward. Forward takes 75.5 times the multiply-adds.",
    "1-11-1-1": "Optimal: forward. Backward takes 1.83 times the multiply-adds.",
    "40-300-5-300-3-40-2": "Optimal saves less than 1 % of backward's multiply-adds: it hardly matters.",
    "100-100-100-99": "Optimal: backward. It saves less than 1 % of forward's multiply-adds: "
    "it hardly matters.",
    "100-100-100-88": "Optimal: backward. Its running product keeps the 88 rows of the output; "  # by 6.4 %
    "every other width is larger.",
    "2-300-300-300-2": "Backward and forward cost the same, and no order costs less.",
    "4-4-4-4": "Backward and forward cost the same, and no order costs less.",
    "3-2": "One factor: nothing is multiplied.",
    "3-2-4": "Two factors: there is one order.",
    "-".join(["2"] * 210): "More than 200 factors: --order optimal searches every bracketing.",
}


@pytest.mark.parametrize("sizes", WHY)
def test_a_plan_says_why(sizes):
    assert " ".join(good("plan", sizes).split()).endswith(f"worst step. {WHY[sizes]}")


@pytest.mark.parametrize("order", ["optimal", "backward", "forward"])
def test_the_reason_is_that_of_the_optimal_order_whichever_is_shown(order):
    assert " ".join(good("plan", "512-512-8-512-512", "--order", order).split()).endswith(
        "worst step. " + WHY["512-512-8-512-512"]
    )


@pytest.mark.parametrize("number", range(60))
def test_the_reason_is_true_of_any_widths(number):
    rng = np.random.default_rng(number)
    widths = [int(w) for w in rng.choice([1, 2, 3, 40, 41, 300], 4 + number % 4)]
    why = PlanTable(tuple(factors_of(widths, None, 1, False)), "auto", None, False, ASCII).why
    assert_true(why, widths)


def assert_true(why, widths):
    """Each clause of a reason against counts made without the table."""
    cost = {order: jp.plan(widths, order).multiply_adds for order in ("optimal", "backward", "forward")}
    ties = cost["backward"] == cost["forward"] == cost["optimal"]
    assert ties == (why == "Backward and forward cost the same, and no order costs less.")
    for order in re.findall(r"Optimal: (backward|forward)", why):
        assert cost[order] == cost["optimal"]
    for percent, order in re.findall(r"saves less than (\d) % of (\w+)'s", why):
        assert int(percent) - 1 <= 100 * (1 - cost["optimal"] / cost[order]) < int(percent) <= 5
    for order, times in re.findall(r"(\w+) takes (\S+) times", why):
        assert float(times) == pytest.approx(cost[order.lower()] / cost["optimal"], rel=0.005)
        assert float(times) > 1.04
    for kept in re.findall(r"keeps the (\d+) \w+ of the \w+; every other", why):
        assert sorted(widths)[:2] == [int(kept), min(w for w in widths if w > int(kept))]
    for layer, units in re.findall(r"layer (\d+),.* narrowest with (\d+) unit", why):
        assert widths[int(layer)] == int(units) == min(widths)
    if "the largest array" in why:
        sizes = [step.numbers for step in jp.plan(widths).steps]
        assert sizes[-1] > max(sizes[:-1])


def test_a_false_reason_is_found():
    for wrong in (
        "Optimal: backward.",
        "Optimal saves less than 5 % of backward's multiply-adds: it hardly matters.",
        "Optimal: first the factors on both sides of layer 3, the narrowest with 8 units;",
        "Backward takes 2 times the multiply-adds.",
        "Backward and forward cost the same, and no order costs less.",
    ):
        with pytest.raises(AssertionError):
            assert_true(wrong, [512, 512, 8, 512, 512])


def test_a_plan_says_what_its_bytes_are():
    text = good("plan", "3-2")
    assert re.search(r"largest array +peak of all\n", text)
    assert "Bytes beside the factors: the largest array, and all alive at the worst step.\n" in text


def test_a_plan_beside_the_pure_orders():
    text = good("plan", "512-512-8-512-512")
    assert text.startswith("512-512-8-512-512, dense factors, one case\n")
    assert re.search(r"1  J_a3\^a4 · J_a2\^a3 → J_a2\^a4  512×512 · 512×8  dense +2.1M\n", text)
    assert re.search(r"3  J_a2\^a4 · J_a0\^a2 → J_a0\^a4  512×8 · 8×512    dense +2.1M\n", text)
    assert re.search(r"optimal +6,291,456 +1 +2.1M bytes +2.16M bytes\n", text)
    for order in ("backward", "forward"):
        assert re.search(rf"{order} +138,412,032 +22 +2.1M bytes +4.19M bytes\n", text)
        assert re.search(r"3 .+ 134M\n", good("plan", "512-512-8-512-512", "--order", order))


def test_a_plan_for_a_row_is_the_backward_order():
    text = good("plan", "64-128-10", "--row", "--activation", "sigmoid", "--cases", "20")
    assert "sigmoid layers, a row on top, 20 cases" in text
    assert re.search(r"1  J_a2\^L · J_a1\^a2 → J_a1\^L  1×10 · 10×128 ", text)
    assert "Planning does not speed up backpropagation" in " ".join(text.split())


@pytest.mark.parametrize("activation", ["identity", "sigmoid"])
@pytest.mark.parametrize("cases", [1, 7])
def test_a_plan_is_that_of_the_networks_chain(activation, cases):
    net = jp.Network([jp.Dense(n, m, activation) for n, m in ((6, 9), (9, 2), (2, 8))], jp.SquaredError())
    record = net.forward(np.ones((cases, 6)), np.zeros((cases, 8)))
    options = ["plan", "6-9-2-8", "--activation", activation, "--cases", str(cases), "--json"]
    for of, row in (("a3", []), ("L", ["--row"])):
        data = json.loads(good(*options, *row))
        chain = record.chain(of, "a0")
        for order in ("optimal", "backward", "forward"):
            assert data["orders"][order]["multiply_adds"] == chain.plan(order).multiply_adds
            assert data["orders"][order]["bytes"] == chain.plan(order).nbytes
        assert [f["structure"] for f in data["factors"]] == [J.structure.name for J in chain.atoms]
        assert [f["symbol"] for f in data["factors"]] == list(chain.symbols)


def test_a_plan_as_json():
    data = json.loads(good("plan", "784-128-16-128-784", "--json"))
    plan = jp.plan([784, 128, 16, 128, 784])
    assert (data["multiply_adds"], data["bytes"], data["peak_bytes"]) == (
        plan.multiply_adds,
        plan.nbytes,
        plan.peak_nbytes,
    )
    assert data["bracketing"] == "((J_a3^a4 J_a2^a3) (J_a1^a2 J_a0^a1))"
    assert data["orders"]["backward"]["ratio"] == data["orders"]["forward"]["ratio"] == plan.gain
    assert [step["multiply_adds"] for step in data["steps"]] == [step.multiply_adds for step in plan.steps]
    assert data["steps"][2]["shapes"] == [[784, 16], [16, 784], [784, 784]]


def test_a_plan_within_a_limit():
    words = ["plan", "2-2-5-100-5", "--max-bytes"]
    text = " ".join(good(*words, "1599").split())
    assert re.search(r"forward [\d,]+ \S+ 1,600 bytes \S+ bytes above the limit", text)
    assert "Optimal: backward. Forward is above the limit. Without the limit" in text
    assert text.endswith("Without the limit 2,020 multiply-adds would do, with an array of 1,600 bytes.")
    assert "Without" not in good(*words, "1600")
    data = json.loads(good(*words, "1599", "--json"))
    assert [data["orders"][order]["within_limit"] for order in ("optimal", "backward", "forward")] == [
        True,
        True,
        False,
    ]


def test_a_long_plan_shows_its_ends():
    text = good("plan", "-".join(["3"] * 201))
    assert text.startswith("3-3-3-3-3-3-...-3-3-3-3-3-3 (200 layers), dense factors, one case\n")
    assert "183 products left out" in text
    assert len(text.splitlines()) < 40
    assert "left out" not in good("plan", "-".join(["3"] * 12))


# -- wrong command lines ---------------------------------------------------------------------------


def one_line(result):
    lines = result.stderr.splitlines()
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("jacobprop: ")
    return lines[0]


WRONG = [
    (["chain"], "Missing argument 'SIZES'"),
    (["chain", "3-x"], "as in 3-2-1"),
    (["chain", "0-2"], "as in 3-2-1"),
    (["chain", ""], "as in 3-2-1"),
    (["chain", "3"], "as in 3-2-1"),
    (["chain", "3--1"], "as in 3-2-1"),
    (["chain", "9" * 5000 + "-2"], "as in 3-2-1"),
    (["chain", "٣-2"], "as in 3-2-1"),
    (["chain", "100000-100000"], "more than 134,217,728"),
    (["chain", "784-2", "--cases", "1000000"], "more than 134,217,728"),
    (["chain", "3-2", "--activation", "sgmoid"], "Did you mean 'sigmoid'?"),
    (["chain", "3-2", "--loss", "x"], "is not one of"),
    (["chain", "3-2", "--loss", "cross-entropy", "--output-activation", "relu"], "needs softmax"),
    (["chain", "3-2-1", "--loss", "cross-entropy"], "at least two classes"),
    (["chain", "3-2", "--names", "X"], "one letter for each"),
    (["chain", "3-2", "--names", "L Y"], "none of them L, t, J"),
    (["chain", "3-2", "--of", "a9"], "unknown name"),
    (["chain", "3-2", "--of", "a0"], "no function of any weight"),
    (["chain", "3-2", "--of", "b1"], "no function of any weight"),
    (["chain", "3-2", "--wrt", "nonsense\nwith\tlines"], "unknown name"),
    (["chain", "3-2", "--of", "z1", "--wrt", "a1"], "no function of a1"),
    (["chain", "3-2", "--seed", "-1"], "not in the range"),
    (["chain", "3-2", "--cases", "0"], "not in the range"),
    (["chain", "3-2", "--json", "--latex"], "cannot both"),
    (["chain", "3-2", "--fooo"], "No such option"),
    (["plan"], "Missing argument 'SIZES'"),
    (["plan", "3"], "as in 3-2-1"),
    (["plan", "1000000000-2"], "more than 134,217,728: take smaller sizes, or jacobprop.plan in Python"),
    (["plan", "3-2-4", "--order", "best"], "is not one of"),
    (["plan", "3-2-4", "--activation", "sgmoid"], "is not one of"),
    (["plan", "3-2-4", "--max-bytes", "-1"], "not in the range"),
    (["plan", "3-2-4", "--max-bytes", "95"], "expected at least 96. Raise max_bytes"),
    (["plan", "3-2-4", "--max-bytes", "95", "--json"], "expected at least 96"),
    (["plan", "2-5-100-5", "--max-bytes", "95", "--order", "forward"], 'try order="optimal"'),
    (["bogus"], "No such command"),
    (["demo", "--epochs", "-3"], "not in the range"),
    (["--epochs", "many"], "not a valid"),
]


@pytest.mark.parametrize(("words", "message"), WRONG, ids=lambda value: str(value)[:30])
def test_wrong_command_lines(words, message):
    result = run(*words)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert message in one_line(result)


def test_no_memory_is_one_line(monkeypatch):
    def huge(self):
        raise MemoryError("Unable to allocate 8 TiB")

    monkeypatch.setattr(Description, "network", huge)
    result = run("chain", "3-2-1")
    assert result.exit_code == 2
    assert "not enough memory: Unable to allocate 8 TiB" in one_line(result)


def test_bugs_keep_their_traceback(monkeypatch):
    def bug(self):
        raise ZeroDivisionError

    monkeypatch.setattr(Description, "network", bug)
    assert isinstance(run("chain", "3-2-1").exception, ZeroDivisionError)


def test_an_interrupt_while_the_command_line_loads_is_quiet():
    interrupter = BLOCKER.replace(
        'raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)', "raise KeyboardInterrupt"
    )
    found = shell("check", "net.npz", python=["-c", interrupter.format(blocked=["click"])])
    assert (found.returncode, found.stdout, found.stderr) == (130, b"", b"")


def test_help_has_a_short_name():
    for words in ([], ["chain"], ["demo"], ["plan"], ["check"], ["diagnose"]):
        assert good(*words, "-h") == good(*words, "--help")
        assert "-h, --help" in good(*words, "-h")


def test_help_and_version():
    for words in (["--help"], ["chain", "--help"], ["demo", "--help"], ["plan", "--help"], ["--version"]):
        text = good(*words)
        assert max(map(len, text.splitlines())) <= 80
    assert "SIZES" in good("chain", "--help")
    assert "Example: jacobprop chain 3-2-1 --names" in good("chain", "--help")
    assert "cross-entropy appends a Softmax layer" in good("chain", "--help")
    assert "chain" in good("--help")
    assert "demo" in good("--help")


# -- as a process ----------------------------------------------------------------------------------


def test_output_without_utf8_is_ascii():
    found = shell(
        "chain", "13-5-3", "--loss", "cross-entropy", "--names", "é Y Z S", env={"PYTHONIOENCODING": "ascii"}
    )
    assert found.returncode == 0
    text = found.stdout.decode("ascii")
    assert "diag(f'_Y) (x) \\xe9" in text
    assert "diag(S) - S S^T" in text
    assert max(map(len, text.splitlines())) <= 80  # COLUMNS is 200 here


def test_errors_without_utf8_are_ascii():
    found = shell("chain", "é-2", env={"PYTHONIOENCODING": "ascii"})
    assert found.returncode == 2
    assert b"\\xe9-2" in found.stderr


def test_a_narrow_terminal_gets_whole_words():
    assert shell("chain", "13-5-3", env={"COLUMNS": "30"}).stdout == shell("chain", "13-5-3").stdout


@pytest.mark.skipif(sys.platform == "win32", reason="pipes and signals of Unix")
def test_a_closed_pipe_is_quiet():
    for words in (
        ["jacobprop", "demo", "--epochs", "1"],
        ["jacobprop", "chain", "3-2-1"],
        ["jacobprop", "chain", "50-50-50", "--json"],
        ["derivations", "dV_dV"],
        ["benchmarks", "--quick"],
    ):
        reader, writer = os.pipe()
        os.close(reader)
        command = [sys.executable, "-m", *words]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        found = subprocess.run(  # noqa: S603  (our own command)
            command, stdout=writer, stderr=subprocess.PIPE, env=environment, timeout=60, check=False
        )
        os.close(writer)
        assert (found.returncode, found.stderr) == (141, b"")


@pytest.mark.skipif(sys.platform == "win32", reason="pipes and signals of Unix")
def test_ctrl_c():
    command = [sys.executable, "-m", "jacobprop", "demo", "--epochs", "1000000"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(  # noqa: S603  (our own command)
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    ) as process:
        for line in process.stdout:
            if line.startswith(b"3  The same"):
                break
        process.send_signal(signal.SIGINT)
        try:
            _, stderr = process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode == 130
    assert stderr.strip() == b""


BLOCKER = """
import importlib.abc, runpy, sys

class Blocker(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {blocked!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Blocker())
sys.argv = ["jacobprop", *sys.argv[1:]]
runpy.run_module("jacobprop", run_name="__main__")
"""


@pytest.mark.parametrize("blocked", [["click"], ["rich"], ["click", "rich", "matplotlib"]])
def test_without_the_extra(blocked):
    found = shell("--help", python=["-c", BLOCKER.format(blocked=blocked)])
    assert found.returncode == 2
    assert found.stdout == b""
    assert found.stderr.decode() == 'jacobprop: the command line needs: pip install "jacobprop[cli]"\n'


def test_without_matplotlib_only_pictures_are_missing():
    blocker = ["-c", BLOCKER.format(blocked=["matplotlib"])]
    assert shell("chain", "3-2-1", python=blocker).returncode == 0
    found = shell("demo", "--plot", "x.png", python=blocker)
    assert found.returncode == 2
    assert found.stdout == b""
    (line,) = found.stderr.decode().splitlines()
    assert 'pip install "jacobprop[cli]"' in line


def test_other_missing_modules_are_not_hidden():
    found = shell("--help", python=["-c", BLOCKER.format(blocked=["numpy"])])
    assert b"No module named 'numpy'" in found.stderr


def test_a_chain_loads_little():
    code = (
        "import sys\nfrom jacobprop.cli.program import program\n"
        "try:\n    program(['chain', '3-2-1'])\n"
        "except SystemExit as end:\n    assert end.code == 0\n"
        "heavy = {'sympy', 'scipy', 'matplotlib'} & set(sys.modules)\nassert not heavy, heavy\n"
    )
    assert shell(python=["-c", code]).returncode == 0


def test_the_library_loads_no_command_line():
    code = "import sys, jacobprop; assert not {'click', 'rich', 'jacobprop.cli'} & set(sys.modules)"
    assert shell(python=["-c", code]).returncode == 0
