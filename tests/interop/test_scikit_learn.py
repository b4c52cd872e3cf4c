"""A fitted multilayer perceptron: its outputs, its gradients and its loss, and what is refused."""

from types import SimpleNamespace

import numpy as np
import pytest

import jacobprop as jp
from jacobprop import errors
from jacobprop.interop import from_sklearn

from .stand_ins import RNG, perceptron

CASES, N = 9, 5
X = RNG.normal(size=(CASES, N))

SLOPES = {
    "identity": lambda z: z,
    "tanh": np.tanh,
    "relu": lambda z: np.maximum(z, 0),
    "logistic": lambda z: 1 / (1 + np.exp(-z)),
    "softmax": lambda z: np.exp(z) / np.exp(z).sum(axis=1, keepdims=True),
}


def outputs(mlp, X):
    """The forward pass of scikit-learn's documentation, from the attributes."""
    a = X
    for W, b in zip(mlp.coefs_[:-1], mlp.intercepts_[:-1], strict=True):
        a = SLOPES[mlp.activation](a @ W + b)
    return SLOPES[mlp.out_activation_](a @ mlp.coefs_[-1] + mlp.intercepts_[-1])


# -- without scikit-learn ----------------------------------------------------------------------------------

HEADS = [
    ("identity", "squared_error", jp.SquaredError),
    ("logistic", "log_loss", jp.BinaryCrossEntropy),
    ("softmax", "log_loss", jp.CrossEntropy),
]


@pytest.mark.parametrize(("out_activation", "loss", "kind"), HEADS)
@pytest.mark.parametrize("activation", ["identity", "tanh", "relu", "logistic"])
@pytest.mark.parametrize("sizes", [(N, 4, 4, 3), (N, 2), (N, 7, 6, 2, 3)])  # 4 x 4: see the wrong rule below
def test_outputs_and_loss(sizes, activation, out_activation, loss, kind):
    mlp = perceptron(*sizes, activation=activation, out_activation=out_activation, loss=loss)
    net = from_sklearn(mlp)
    assert np.allclose(net(X), outputs(mlp, X), rtol=1e-13, atol=1e-15)
    assert type(net.loss) is kind
    assert net.loss.reduction == "mean"


def test_a_transposed_square_weight_would_be_seen():
    mlp = perceptron(N, 4, 4, 3)
    expected, net = outputs(mlp, X), from_sklearn(mlp)
    wrong = net.with_parameters({"W2": net.parameters["W2"].T})
    assert np.allclose(net(X), expected)
    assert not np.allclose(wrong(X), expected, atol=0.1)


def test_weights_are_copied_and_keep_their_dtype():
    mlp = perceptron(N, 4, 3, dtype=np.float32)
    net = from_sklearn(mlp)
    before = net(X[0])
    assert net.dtype == np.float32
    assert np.array_equal(net.parameters["W1"], mlp.coefs_[0])
    mlp.coefs_[0][:] = 0
    assert np.array_equal(net(X[0]), before)
    assert mlp.coefs_[1].flags.writeable


def changed(**attributes):
    """A perceptron with other attributes; None takes one away."""
    mlp = perceptron(N, 4, 3)
    vars(mlp).update(attributes)
    return mlp


class Refusing:
    """Every attribute raises."""

    def __getattribute__(self, name):
        raise RuntimeError(name)


class Pipeline:
    def __init__(self):
        self.steps = [("scale", None), ("mlp", perceptron(N, 4, 3))]


BAD = {
    "a pipeline": (Pipeline(), errors.OptionError, "a pipeline is more than its network"),
    "not fitted": (
        SimpleNamespace(hidden_layer_sizes=(3,), activation="relu"),
        errors.OptionError,
        "the network is not fitted",
    ),
    **{
        f"{type(thing).__name__}, {number}": (
            thing,
            errors.OptionError,
            "this is no multilayer perceptron of scikit-learn",
        )
        for number, thing in enumerate([None, 3, "mlp", SimpleNamespace(), X, Refusing(), Pipeline, print])
    },
    "a bias missing": (
        changed(intercepts_=[np.zeros(4)]),
        errors.ShapeError,
        "each layer has weights and a bias",
    ),
    "no layers": (
        changed(coefs_=[], intercepts_=[]),
        errors.ShapeError,
        "each layer has weights and a bias",
    ),
    "no biases": (changed(intercepts_=None), errors.ShapeError, "each layer has weights and a bias"),
    "a number for coefs_": (changed(coefs_=3.0), errors.ShapeError, "each layer has weights and a bias"),
    "another activation": (
        changed(activation="softplus"),
        errors.UnsupportedLayerError,
        "unknown hidden activation",
    ),
    "no text for an activation": (
        changed(activation=Refusing()),
        errors.UnsupportedLayerError,
        "unknown hidden activation",
    ),
    "poisson": (
        changed(out_activation_="exp", loss="poisson"),
        errors.UnsupportedLayerError,
        "the output activation and the loss have no counterpart",
    ),
    "another loss": (
        changed(loss="log_loss"),
        errors.UnsupportedLayerError,
        "the output activation and the loss have no counterpart",
    ),
    "no text for a loss": (
        changed(loss=X),
        errors.UnsupportedLayerError,
        "the output activation and the loss have no counterpart",
    ),
    "a weight transposed": (
        changed(coefs_=[np.ones((4, N)), np.ones((4, 3))]),
        errors.ShapeError,
        "b does not fit W",
    ),
    "widths that do not fit": (
        changed(coefs_=[np.ones((N, 4)), np.ones((2, 3))]),
        errors.ShapeError,
        "the layer does not fit the one below",
    ),
    "nan": (
        changed(intercepts_=[np.full(4, np.nan), np.zeros(3)]),
        errors.NonFiniteError,
        "b is not finite",
    ),
    "texts for weights": (
        changed(coefs_=[np.full((N, 4), "x"), np.ones((4, 3))]),
        errors.DTypeError,
        "W does not hold real numbers",
    ),
}


@pytest.mark.parametrize(("mlp", "kind", "sentence"), BAD.values(), ids=BAD)
def test_bad_input(mlp, kind, sentence):
    with pytest.raises(kind, match=sentence) as caught:
        from_sklearn(mlp)
    assert caught.value.where.startswith("from_sklearn")
    assert caught.value.remedy.endswith(".")


# -- against scikit-learn ----------------------------------------------------------------------------------

Y = {
    "one target": RNG.normal(size=CASES),
    "three targets": RNG.normal(size=(CASES, 3)),
    "two classes": np.array(["no", "yes", "yes"] * 3),
    "four classes": np.array([20, 11, 35, 20, 47, 35, 11, 20, 47]),
    "three labels a case": RNG.integers(0, 2, (CASES, 3)),
}
RATE, ALPHA = 0.5, 0.7


def targets(mlp, y):
    """What the table in the docstring says."""
    if not hasattr(mlp, "classes_"):
        return y.reshape(CASES, -1)
    if mlp.out_activation_ == "softmax":
        return np.searchsorted(mlp.classes_, y)
    return y.astype(float) if y.ndim == 2 else (y == mlp.classes_[1])[:, None].astype(float)


def predicted(mlp, X):
    """And the outputs."""
    if not hasattr(mlp, "classes_"):
        return mlp.predict(X).reshape(CASES, -1)
    probabilities = mlp.predict_proba(X)
    return probabilities[:, 1:] if mlp.n_outputs_ == 1 else probabilities


def fitted(name, activation):
    """One step of plain gradient descent on all cases, to have weights, and classes that are not 0, 1, ..."""
    networks = pytest.importorskip("sklearn.neural_network")
    kind = networks.MLPRegressor if "target" in name else networks.MLPClassifier
    options = {"solver": "sgd", "momentum": 0, "learning_rate_init": RATE, "alpha": ALPHA}
    mlp = kind(hidden_layer_sizes=(4, 6), activation=activation, **options, batch_size=CASES, random_state=3)
    classes = np.arange(3) if "labels" in name else np.unique(Y[name])
    return mlp.partial_fit(X, Y[name], **({} if "target" in name else {"classes": classes}))


@pytest.mark.parametrize("activation", ["identity", "tanh", "relu", "logistic"])
@pytest.mark.parametrize("name", Y)
def test_the_outputs_are_scikit_learns(name, activation):
    mlp = fitted(name, activation)
    assert np.allclose(from_sklearn(mlp)(X), predicted(mlp, X), rtol=1e-12)


@pytest.mark.parametrize("name", Y)
def test_the_gradient_is_the_step_that_scikit_learn_takes_and_the_loss_what_it_reports(name):
    mlp = fitted(name, "tanh")
    record = from_sklearn(mlp).forward(X, targets(mlp, Y[name]))
    gradients = record.gradients()
    coefs, intercepts = [W.copy() for W in mlp.coefs_], [b.copy() for b in mlp.intercepts_]
    mlp.partial_fit(X, Y[name])
    for layer, (W, b) in enumerate(zip(coefs, intercepts, strict=True), 1):
        step_W, step_b = (W - mlp.coefs_[layer - 1]) / RATE, (b - mlp.intercepts_[layer - 1]) / RATE
        assert np.allclose(step_W, gradients[f"W{layer}"] + ALPHA * W / CASES, rtol=1e-10, atol=1e-13)
        assert np.allclose(step_b, gradients[f"b{layer}"], rtol=1e-10, atol=1e-13)
    penalty = ALPHA / (2 * CASES) * sum((W**2).sum() for W in coefs)
    outputs = mlp.n_outputs_ if "target" in name else 1  # the gradient is of the sum, the report a mean
    assert np.isclose(mlp.loss_, record.loss / outputs + penalty, rtol=1e-12)


def test_float32_stays():
    networks = pytest.importorskip("sklearn.neural_network")
    mlp = networks.MLPRegressor(hidden_layer_sizes=(4,), solver="sgd", batch_size=CASES)
    mlp.partial_fit(X.astype(np.float32), Y["one target"].astype(np.float32))
    net = from_sklearn(mlp)
    assert net.dtype == np.float32
    assert np.allclose(net(X.astype(np.float32))[:, 0], mlp.predict(X.astype(np.float32)), rtol=1e-5)


def test_what_is_around_a_network_is_refused():
    networks = pytest.importorskip("sklearn.neural_network")
    pipeline = pytest.importorskip("sklearn.pipeline")
    linear = pytest.importorskip("sklearn.linear_model").LinearRegression()
    pipe = pipeline.make_pipeline(pytest.importorskip("sklearn.preprocessing").StandardScaler())
    for thing, sentence in [
        (networks.MLPRegressor(), "the network is not fitted"),
        (networks.MLPClassifier, "this is no multilayer perceptron"),
        (pipe, r"Pass pipe\[-1\], and give the network pipe\[:-1\]"),
        (linear.fit(X, Y["one target"]), "this is no multilayer perceptron"),
    ]:
        with pytest.raises(errors.OptionError, match=sentence):
            from_sklearn(thing)
