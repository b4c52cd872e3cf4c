"""A Sequential of torch as a network."""

from ..errors import UnsupportedLayerError
from ..network import Network
from .attributes import located
from .torch_losses import with_loss
from .torch_modules import Normalised, steps
from .torch_parts import WHERE


def from_torch(sequential: object, loss: object = None) -> Network:
    """net(X) is sequential(X) of a torch.nn.Sequential of Linear and activations: weights are copied.

    Read by class names and attributes: torch is not imported. A Linear and the elementwise activation after
    it become one Dense layer, with W the *transpose* of torch's weight (out, in). Softmax, LogSoftmax, an
    activation elsewhere, BatchNorm1d and Dropout are layers of their own, the last two in evaluation mode,
    as ``net(X)`` is; ``net.in_training()`` is theirs in training mode. Identity and Flatten leave no layer.
    Sequentials may be nested, a single module will do, and the dtype stays. Pruned, weight-normalised and
    parametrized Linears give the weight that the next forward pass would use, as a plain parameter.

    Parameters
    ----------
    sequential : torch.nn.Sequential
        Of Linear, Sigmoid, Tanh, ReLU, LeakyReLU, ELU, SiLU, GELU (exact), Softplus (beta=1), Softsign,
        Softmax, LogSoftmax, BatchNorm1d, Dropout, Identity, Flatten. Inputs are rows: images as
        ``X.reshape(len(X), -1)``.
    loss : Loss or torch loss, optional
        One of this library's, or of torch's where it means exactly the same:
        ``MSELoss()`` is MeanSquaredError; ``CrossEntropyLoss()``, which takes logits, appends Softmax and is
        CrossEntropy; ``NLLLoss()`` on LogSoftmax is NegativeLogLikelihood; ``BCELoss()`` on Sigmoid, and
        ``BCEWithLogitsLoss()``, which makes the last Linear a sigmoid layer, are BinaryCrossEntropy, with
        several outputs for ``reduction="sum"`` only. Under the two that take logits ``net(X)`` are the
        probabilities, and torch's outputs are ``net.forward(X).sum(len(net.layers))``.

    Returns
    -------
    Network
        A layer's ``name`` is its module's path: ``f"{layer.name}.weight"`` is torch's name of ``W.T``, or of
        the C of a BatchNorm, whose C and b are parameters with ``affine=False`` too.

    Raises
    ------
    UnsupportedLayerError
        Any other module or option, a forward hook, a parameter used twice, or a loss that differs.
    OptionError
        No loss, or a parameter of an activation that has no counterpart.
    DTypeError, ShapeError, NonFiniteError
        Weights that are no floats of numpy's (bfloat16), do not fit together, or are not finite.

    Notes
    -----
    Softplus is exact here, torch's own is z beyond its threshold of 20: float64 outputs differ by up to
    2.1e-9 there. Where a probability is nearly 0, BCELoss clamps its logarithm at -100, and not here.
    Torch's running variance divides by n - 1, that of ``net.with_statistics(X)`` by n.

    Examples
    --------
    >>> from_torch([1.0, 2.0])  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    jacobprop.errors.UnsupportedLayerError: from_torch: the module has no counterpart; got builtins.list, ...

    With torch installed::

        net = jp.from_torch(torch.nn.Sequential(torch.nn.Linear(3, 5), torch.nn.Tanh()))
        net.parameters["W1"].shape  # (3, 5), of torch's weight (5, 3)
    """
    found, own_loss = with_loss(steps(sequential), loss)
    if not found:
        raise UnsupportedLayerError(
            "no module computes anything",
            where=WHERE,
            expected="at least one Linear or Softmax",
            remedy="Append the layers first.",
        )
    layers = [step.layer() for step in found]
    given = {
        f"{slot}{number}": array
        for number, step in enumerate(found, 1)
        if isinstance(step, Normalised)
        for slot, array in step.parameters().items()
    }
    with located(WHERE):
        return Network(layers, own_loss).with_parameters(given)
