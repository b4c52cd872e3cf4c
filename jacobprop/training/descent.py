"""Gradient descent: batch, incremental and minibatch are one loop with three batch sizes.

w <- w - learning_rate * dL/dw        (seed rows D-14 to D-19, D-25, B-35, H-59, N-08)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..arrays import quiet, whole_number
from ..errors import OptionError, shown
from ..histories import HeldOut, History, Progress, require_progress
from ..network import Network
from . import arguments
from .arguments import Callback
from .optimizers import Optimizer
from .run import Run
from .state import TrainingState
from .stopping import EarlyStopping, StopRules
from .task import Task


@dataclass(frozen=True, repr=False)
class Fit:
    """What `fit` returns.

    Attributes
    ----------
    network : Network
        The trained network, after the last epoch; with early stopping after epoch ``history.best``.
        Batch normalisation has the statistics of the training cases.
    history : History
        Its losses, epoch by epoch.
    stopped : str
        Why the training ended, as a sentence.
    state : TrainingState
        All that is needed to go on after the last epoch.
    """

    network: Network
    history: History
    stopped: str
    state: TrainingState

    def __repr__(self) -> str:
        return f"<Fit: {self.network!r}, {self.history!r}>"


@quiet
def fit(
    net: Network,
    X: object,
    T: object,
    *,
    epochs: int = 100,
    learning_rate: float | Callable[[int], float] = 0.1,
    batch_size: int | None = None,
    shuffle: bool = True,
    seed: int = 0,
    held_out: HeldOut = None,
    progress: Progress | None = None,
    callbacks: Sequence[Callback] = (),
    optimizer: Optimizer | None = None,
    l2: float = 0.0,
    early_stopping: EarlyStopping | None = None,
    min_gradient: float | None = None,
    min_change: float | None = None,
    state: TrainingState | None = None,
) -> Fit:
    """Train by gradient descent on J = L + l2/2 |W|^2; `net` itself stays as it is.

    Parameters
    ----------
    net : Network
        With a loss; its reduction decides whether a batch counts as mean or sum.
    X, T : as for ``Network.forward``, a stack of cases
    epochs : int
        Passes over the data, the most of them where a rule below can end the training; with a `state`, those
        to come.
    learning_rate : float or callable
        The step per unit of gradient, or a schedule: a function of the epoch, the first one being 1, such
        as `StepDecay`, `ExponentialDecay`, `InverseTimeDecay` or `CosineDecay`.
    batch_size : int, optional
        Cases between two updates: all of them by default (batch), 1 is incremental.
    shuffle : bool
        Whether to order the cases anew each epoch (D-18); without effect on batch training.
    seed : int
        For the shuffling and for the masks of dropout.
    held_out : (X, T), optional
        Cases that only the history sees, and early stopping.
    progress : callable, optional
        Called with (epoch, train loss, held-out loss or None) after every epoch. If it raises
        StopIteration, this epoch was the last.
    callbacks : sequence of callables, optional
        Each called with (network, epoch) before the first epoch, as epoch 0, and after every one: a
        `Monitor`, for instance. If one raises StopIteration, this epoch was the last.
    optimizer : Optimizer, optional
        `Momentum` or `Adam`; plain gradient descent without one.
    l2 : float
        The penalty l2/2 times the sum of squares of all slots named "W", and of no others: not of biases,
        nor of the gains of batch normalisation or the widths of radial units.
    early_stopping : EarlyStopping, optional
        Stop when the held-out loss has stopped falling, and return the network where it was lowest.
    min_gradient : float, optional
        Stop where the norm of dJ/dw over all cases is not above it, which takes one more pass an epoch; of
        a `Masked` optimiser, over the parameters that may move.
    min_change : float, optional
        Stop after an epoch that has changed the train loss by no more (E-56: compared after the step).
    state : TrainingState, optional
        The ``.state`` of an earlier call with the same network, cases and options, to go on from: its
        parameters, history and random numbers take the place of those of `net` and `seed`.

    Returns
    -------
    Fit

    Raises
    ------
    NonFiniteError
        A parameter left the finite numbers, or what the optimiser remembers did.
    OptionError
        An option means nothing, or does not go with another; `net` is what ``net.in_training()`` returns.
    MissingTargetError, ShapeError, DTypeError
        No loss, no targets, a single case, or arrays that do not fit.

    Notes
    -----
    Mean or sum (E-15): a minibatch of m cases moves the parameters as far with the mean of their losses at
    the rate eta as with the sum at eta / m (and there with the penalty m l2, for each minibatch adds the
    whole penalty to its own loss). Hence seed 000's advice of a lower rate for incremental training than
    for batch training (D-17) depends on the reduction (E-16): with sums, an epoch moves the parameters
    equally far to first order at equal rates; with means, n updates of one case go n times as far as one
    update of all n.

    The penalty (E-44): D = Delta / n + l2 Theta of seed 004 is the gradient of the mean loss plus
    l2/2 |Theta|^2, as here. A penalty lambda/(2n) |Theta|^2 is ``l2=lambda/n``, and lambda |Theta|^2 is
    ``l2=2*lambda``. It is no part of L: the history has L alone.

    Dropout and batch normalisation: each update is that of ``net.in_training(...)``, with new masks and the
    statistics of its minibatch. The losses of the history, `min_gradient` and the network that comes back
    are those of ``net.with_statistics(X)``, without masks.

    Every Fit.state is that of a whole epoch. `TrainingState.save` keeps it; to have one every ten epochs,
    train for ten epochs at a time.

    Examples
    --------
    >>> from jacobprop.layers import Dense
    >>> from jacobprop.losses import SquaredError
    >>> net = Network([Dense.from_arrays([[0.0]])], loss=SquaredError())
    >>> trained = fit(net, [[1.0], [2.0]], [[3.0], [6.0]], epochs=200, min_change=1e-9)
    >>> float(trained.network.parameters["W1"][0, 0].round(3))
    3.0
    >>> trained.stopped
    'The train loss changed by 8.85e-10, not more than min_change=1e-09.'
    """
    x, target = arguments.stack(net, X, T)
    arguments.check_held_out(net, held_out)
    require_progress(progress, "epoch", "fit")
    watching = arguments.callbacks(callbacks)
    task = Task(
        net,
        x,
        target,
        arguments.batch_size(net, len(x), batch_size),
        arguments.yes_or_no(shuffle, "shuffle", "fit", default=True),
        held_out,
        _optimizer(optimizer),
        arguments.not_negative(l2, "l2", "fit"),
    )
    epochs = whole_number(epochs, "epochs", "fit", least=0, remedy="An epoch is one pass over all cases.")
    remedy = "The same seed draws the same order of cases."
    seed = whole_number(seed, "seed", "fit", least=0, remedy=remedy)
    rate = arguments.schedule(learning_rate)
    run = Run.begin(task, seed) if state is None else Run.resume(task.resumed(state), state)
    rules = StopRules(min_gradient, min_change, early_stopping, run.history)
    stopped = run.go(epochs, rate, rules, progress, watching)
    network = run.network if early_stopping is None else run.restored()
    return Fit(network, run.history, stopped, run.state())


def _optimizer(value: object) -> Optimizer | None:
    if value is not None and not isinstance(value, Optimizer):
        raise OptionError(
            "unknown optimizer",
            where="fit",
            got=shown(value),
            expected="an object such as jp.training.Momentum(0.9) or jp.training.Adam()",
            remedy="Create it with parentheses, or leave it out for plain gradient descent.",
        )
    return value
