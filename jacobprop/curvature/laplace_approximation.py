"""Laplace's approximation: the parameters are normal around those of the network, with precision P.

    P = sum_c J_c^T H_c J_c + alpha I         alpha the precision of the prior N(0, I / alpha)

H_c is the Hessian of a case's loss by x, the sum below the loss's gate or else the output, J_c the Jacobian
of x by the parameters: the Gauss-Newton matrix of the *sum* of the losses, whatever their reduction, since
a loss is read as -log p(t | x), and the cases are independent.

Index legend: c cases, p parameters, m outputs.
"""

from __future__ import annotations

import math

import numpy as np

from ..architecture import SUM
from ..arrays import quiet
from ..errors import OptionError, UnsupportedLayerError, shown
from ..network import Network
from .damped_steps import METHODS, Method
from .laplace_factors import precision_factor
from .laplace_posterior import LaplacePosterior, chosen_jacobian
from .likelihood import likelihood_of
from .objective import number
from .tops import run, starts

_WHERE = "laplace"


@quiet
def laplace(
    net: Network,
    X: object,
    T: object,
    *,
    prior_precision: float = 1.0,
    noise_variance: float | None = None,
    layers: str = "last",
    method: Method = "auto",
) -> LaplacePosterior:
    """How sure a trained network is: x(X) ~ N(x, J P^-1 J^T), P = sum_c J_c^T H_c J_c + alpha I.

    Parameters
    ----------
    net : Network
        Trained: the approximation is one around the parameters that are most probable, where the gradient
        of the *summed* loss is -alpha times the parameters; that is not checked.
    X, T : the cases and targets that it was trained on
    prior_precision : float
        alpha, the same for weights and biases. Compare the ``log_marginal_likelihood`` of several.
    noise_variance : float, optional
        For SquaredError and MeanSquaredError: the variance sigma^2 of a target around its output,
        H = I / sigma^2. By default the mean squared residual of X and T, which is too small where
        the network has about as many parameters as there are targets. Other losses are -log p as they are.
    layers : "last" or "all"
        "last" varies the parameters of the last layer that has any, the others are fixed.
    method : "auto", "primal" or "dual"
        A triangular matrix of parameters, or of cases times outputs; "auto" takes the smaller one.

    Returns
    -------
    LaplacePosterior
        ``.variance(X)``, ``.covariance(X)``, ``.probabilities(X)``, ``.log_marginal_likelihood``.

    Raises
    ------
    MissingTargetError
        No loss or no targets.
    OptionError
        An option means nothing; a noise variance for another loss.
    NonFiniteError
        The loss or its curvature is not finite, the residuals vanish and sigma^2 is not given, or alpha is
        lost in rounding, "dual".
    DenseLimitError
        The matrix would take more than 1 GiB.
    UnsupportedLayerError
        A loss of one's own without `hessian`; no parameters.
    ShapeError, DTypeError
        Arrays that do not fit; expressions.

    Examples
    --------
    >>> import jacobprop as jp
    >>> X = np.linspace(-1, 1, 20)[:, None]
    >>> net = jp.Network([jp.Dense(1, 8, "tanh"), jp.Dense(8, 1)], jp.SquaredError(), seed=0)
    >>> trained = jp.fit(net, X, np.sin(3 * X), epochs=300).network
    >>> posterior = laplace(trained, X, np.sin(3 * X), layers="all")
    >>> posterior
    <LaplacePosterior: output, 25 of 25 parameters, prior precision 1>
    >>> near, far = posterior.variance([[0.5], [5.0]])[:, 0]
    >>> bool(far > near)
    True
    """
    alpha = number(prior_precision, "prior_precision", _WHERE, least=math.ulp(0.0))
    _one_of(layers, ("last", "all"), "layers", '"last" is the cheaper one.')
    _one_of(method, METHODS, "method", '"auto" takes the smaller matrix.')
    record = run(net, X, T, _WHERE)
    likelihood = likelihood_of(record, noise_variance, _WHERE)
    slices = _slices(net, layers)
    first = {below: likelihood.root.T @ J for below, J in starts(record, likelihood.node).items()}
    factor = precision_factor(chosen_jacobian(record, first, slices, likelihood.scale), alpha, method, _WHERE)
    v = np.concatenate([net.parameters[name].ravel() for name in slices]).astype(np.float64)
    return LaplacePosterior(
        network=net,
        slices=slices,
        of="logits" if likelihood.node.letter == SUM else "output",
        prior_precision=alpha,
        noise_variance=likelihood.noise_variance,
        log_marginal_likelihood=likelihood.log_value - (alpha * float(v @ v) + factor.log_determinant) / 2,
        _node=likelihood.node,
        _outputs=likelihood.root.shape[-2],
        _factor=factor,
    )


def _slices(net: Network, layers: str) -> dict[str, slice]:
    """Where the parameters that vary lie among themselves."""
    nodes = net.architecture.parameter_names
    last = max((node.layer for node, _ in nodes), default=0)
    found: dict[str, slice] = {}
    start = 0
    for node, name in nodes:
        if layers == "all" or node.layer == last:
            found[name] = slice(start, start + net.parameters[name].size)
            start = found[name].stop
    if not found:
        raise UnsupportedLayerError(
            "the network has no parameters",
            where=_WHERE,
            got=repr(net),
            expected="a layer with weights",
            remedy="Without them its outputs have no variance.",
        )
    return found


def _one_of(value: object, options: tuple[str, ...], what: str, remedy: str) -> None:
    if not isinstance(value, str) or value not in options:
        raise OptionError(
            f"unknown {what}",
            where=_WHERE,
            got=shown(value),
            expected=", ".join(map(repr, options)),
            remedy=remedy,
        )
