"""A fitted MLPClassifier or MLPRegressor as a network."""

from collections.abc import Sequence
from typing import NamedTuple

from ..arrays import listed
from ..errors import OptionError, ShapeError, UnsupportedLayerError, shown
from ..layers import Dense, Layer, Softmax
from ..losses import BinaryCrossEntropy, CrossEntropy, Loss, SquaredError
from ..network import Network
from .attributes import attribute, located, text

_WHERE = "from_sklearn"
_ACTIVATIONS = {"identity": "identity", "logistic": "sigmoid", "tanh": "tanh", "relu": "relu"}


class _Head(NamedTuple):
    """The last activation, the weightless layers above it, the loss, and scikit-learn's name for that."""

    activation: str
    above: Sequence[type[Layer]]
    loss: type[Loss]
    loss_name: str


_HEADS = {
    "identity": _Head("identity", (), SquaredError, "squared_error"),
    "logistic": _Head("sigmoid", (), BinaryCrossEntropy, "log_loss"),
    "softmax": _Head("identity", (Softmax,), CrossEntropy, "log_loss"),
}


def from_sklearn(mlp: object) -> Network:
    """net(X) is what the last layer of a fitted MLPClassifier or MLPRegressor computes: weights are copied.

    Read by attributes alone: ``coefs_``, ``intercepts_``, ``activation``, ``out_activation_``, ``loss``.
    Later training of the one does not reach the other, and float32 stays float32.

    ============================  =====================  ==============================================
    scikit-learn                  loss                   ``net(X)`` and ``T``
    ============================  =====================  ==============================================
    MLPRegressor                  SquaredError           ``predict(X)`` as columns; ``y`` as columns
    MLPClassifier, two classes    BinaryCrossEntropy     ``predict_proba(X)[:, 1:]``;
                                                         ``(y == classes_[1])[:, None].astype(float)``
    more classes                  CrossEntropy           ``predict_proba(X)``;
                                                         ``np.searchsorted(classes_, y)``
    several labels a case         BinaryCrossEntropy     ``predict_proba(X)``; the indicator matrix ``y``
    ============================  =====================  ==============================================

    Parameters
    ----------
    mlp : MLPClassifier or MLPRegressor
        Fitted. The inputs are what its own ``predict`` takes: behind a scaler, the scaled ones.

    Returns
    -------
    Network
        W1, b1, ... are ``coefs_[0]``, ``intercepts_[0]``, ...

    Raises
    ------
    OptionError
        It is not fitted, or no such object, as a Pipeline.
    UnsupportedLayerError
        An activation or a loss that has no counterpart, as ``loss="poisson"``.
    ShapeError, DTypeError, NonFiniteError
        Arrays that do not fit together, or are no finite numbers.

    Notes
    -----
    scikit-learn adds its penalty before it divides by the n cases, so where all cases weigh the same, the
    gradient that it follows is, for a weight, ``gradients()["W1"] + alpha * coefs_[0] / n``, and for a
    bias ``gradients()["b1"]``. The loss that it *reports* has the penalty
    ``alpha / (2 n) * sum of all weights squared`` and, of m regression outputs, the mean where its gradient
    takes the sum: ``net.forward(X, T).loss / m``. It also clips probabilities at the dtype's epsilon.

    Examples
    --------
    Any object with these attributes will do:

    >>> from types import SimpleNamespace
    >>> import numpy as np
    >>> mlp = SimpleNamespace(
    ...     coefs_=[np.full((3, 2), 0.5), np.ones((2, 1))], intercepts_=[np.zeros(2), np.zeros(1)],
    ...     activation="relu", out_activation_="identity", loss="squared_error")
    >>> net = from_sklearn(mlp)
    >>> net([[1.0, 2.0, 3.0], [0.0, 0.0, 1.0]])
    array([[6.],
           [1.]])
    >>> {name: array.shape for name, array in net.parameters.items()}
    {'W1': (3, 2), 'b1': (2,), 'W2': (2, 1), 'b2': (1,)}

    With scikit-learn installed::

        mlp = MLPClassifier((20,)).fit(X, y)
        net = jp.from_sklearn(mlp)
        T = np.searchsorted(mlp.classes_, y)  # of three classes or more
        jp.parameter_jacobian(net, X, T, of="loss").row_norms()  # which cases pull hardest
    """
    coefs, intercepts = _arrays(mlp)
    hidden, head = _hidden_activation(mlp), _head(mlp)
    activations = [hidden] * (len(coefs) - 1) + [head.activation]
    with located(_WHERE):
        dense = [Dense.from_arrays(*layer) for layer in zip(coefs, intercepts, activations, strict=True)]
        return Network([*dense, *(layer() for layer in head.above)], head.loss())


def _arrays(mlp: object) -> tuple[tuple[object, ...], tuple[object, ...]]:
    """coefs_ and intercepts_, one of each for every layer."""
    if attribute(mlp, "steps") is not None:
        raise OptionError(
            "a pipeline is more than its network",
            where=_WHERE,
            got=type(mlp).__name__,
            expected="its last step",
            remedy="Pass pipe[-1], and give the network pipe[:-1].transform(X).",
        )
    found = attribute(mlp, "coefs_")
    if found is None:
        raise _without_weights(mlp)
    coefs, intercepts = listed(found), listed(attribute(mlp, "intercepts_"))
    if not coefs or len(coefs) != len(intercepts):
        raise ShapeError(
            "each layer has weights and a bias",
            where=_WHERE,
            got=f"{len(coefs)} arrays in coefs_ and {len(intercepts)} in intercepts_",
            expected="as many of the one as of the other, at least 1",
            remedy="Fit it again.",
        )
    return coefs, intercepts


def _without_weights(mlp: object) -> OptionError:
    """What the object is instead of a fitted network."""
    if attribute(mlp, "hidden_layer_sizes") is not None:
        return OptionError(
            "the network is not fitted",
            where=_WHERE,
            got=f"a {type(mlp).__name__} without coefs_",
            remedy="Call .fit(X, y) on it first.",
        )
    return OptionError(
        "this is no multilayer perceptron of scikit-learn",
        where=_WHERE,
        got=type(mlp).__name__,
        expected="a fitted MLPClassifier or MLPRegressor",
        remedy="Of a search pass .best_estimator_; for arrays of your own use jp.Dense.from_arrays(W, b).",
    )


def _hidden_activation(mlp: object) -> str:
    found = _ACTIVATIONS.get(text(mlp, "activation"))
    if found is None:
        raise UnsupportedLayerError(
            "unknown hidden activation",
            where=_WHERE,
            got=shown(attribute(mlp, "activation")),
            expected="one of " + ", ".join(_ACTIVATIONS),
            remedy="Build the layers with jp.Dense.from_arrays(W, b, activation).",
        )
    return found


def _head(mlp: object) -> _Head:
    found = _HEADS.get(text(mlp, "out_activation_"))
    if found is None or text(mlp, "loss") != found.loss_name:
        known = (f"{name!r} with {head.loss_name!r}" for name, head in _HEADS.items())
        raise UnsupportedLayerError(
            "the output activation and the loss have no counterpart",
            where=_WHERE,
            got=" with ".join(shown(attribute(mlp, name)) for name in ("out_activation_", "loss")),
            expected=", ".join(known),
            remedy="Build the layers with jp.Dense.from_arrays(W, b, activation), and write a jp.Loss.",
        )
    return found
