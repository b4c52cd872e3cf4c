"""The delta rule, vectorised over the minibatch: ordinary backpropagation, the yardstick of the rest.

    delta_N = dL/dz_N,   delta_{l-1} = f'(z_{l-1}) * (delta_l W_l^T),   dL/dW_l = Y^T Delta

It knows no Jacobian objects. Per layer: one GEMM forward, two backward and the sum of a bias, in arrays
that are reused from call to call (seed rows D-20 to D-24, S-13).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from .arrays import Array, is_symbolic, quiet
from .errors import DTypeError, MissingTargetError
from .layers import SumLayer, Workspace
from .layers.base import Operand, Parameters, fast_path
from .lifting import Lift, kept_afloat
from .network import Network, require_network


class _Step(NamedTuple):
    """One layer of the walk: what it reads, its fast paths, and what its slots are called."""

    number: int
    forward: Callable[..., tuple[Array, Any]]
    backward: Callable[..., dict[Operand, Array]]
    workspace: Workspace
    below: tuple[tuple[Operand, int], ...]  # operand and layer of each activation below
    slots: tuple[tuple[str, str], ...]  # slot and parameter


class DeltaRule:
    """Loss and gradient of one network, minibatch after minibatch, without new arrays.

    Parameters
    ----------
    net : Network
        With a loss.

    Raises
    ------
    MissingTargetError
        The network has no loss.

    Notes
    -----
    One object serves one thread: its workspace is shared by all its calls.
    """

    def __init__(self, net: Network) -> None:
        require_network(net, "DeltaRule")
        if net.loss is None:
            raise MissingTargetError(
                "the network has no loss",
                where="DeltaRule",
                expected="a network with a loss",
                remedy="Build jp.Network(layers, loss=...).",
            )
        self._net, self._loss = net, net.loss
        self._architecture = net.architecture
        self._fused = self._architecture.fused
        used = self._needs_delta()
        self._steps = tuple(self._step(number, used) for number in range(1, self._architecture.depth + 1))

    def _step(self, number: int, used: list[bool]) -> _Step:
        """What one layer does, and with what."""
        architecture = self._architecture
        layer, reads = architecture.layers[number - 1], architecture.reads(number)
        top = self._fused and number == architecture.depth
        return _Step(
            number,
            forward=fast_path(layer, "forward_into"),
            backward=fast_path(layer, "backward_sum_into" if top else "backward_into"),
            workspace=Workspace(wants_input=any(used[k] for k in reads), only_sum=top),
            below=tuple(zip(layer.inputs, reads, strict=True)),
            slots=tuple((slot, f"{slot}{number}") for slot in architecture.slots[number - 1]),
        )

    def _needs_delta(self) -> list[bool]:
        """Which activations lie above a parameter: the others need no delta."""
        used = [False]
        for number, slots in enumerate(self._architecture.slots, 1):
            used.append(bool(slots) or any(used[k] for k in self._architecture.reads(number)))
        return used

    @quiet
    def gradients(
        self, X: object, T: object, parameters: Mapping[str, object] | None = None, copy: bool = True
    ) -> tuple[float, dict[str, Array]]:
        """The loss of a minibatch and its gradient by every parameter.

        Parameters
        ----------
        X, T : as for ``Network.forward``
        parameters : mapping, optional
            Other arrays for some or all parameters.
        copy : bool
            False returns the workspace's own arrays, valid until the next call.

        Returns
        -------
        loss : float
            Reduced over the cases as the loss function says.
        gradients : dict
            {"W1": array shaped like W1, ...}
        """
        net = self._net
        given = {} if parameters is None else net._given(parameters)
        x, dtype = net._input(X, "DeltaRule.gradients(X)")
        if dtype.kind == "O" or is_symbolic(*given.values()):
            raise DTypeError(
                "the delta rule computes with floats",
                where="DeltaRule.gradients",
                got="sympy expressions",
                expected="floats",
                remedy="record.gradients() takes expressions through the chain.",
            )
        by_layer = net._borrowed(given, dtype) if given else net._by_layer(dtype)
        activations, caches = self._forward(x if x.ndim == 2 else x[None], by_layer)
        shape = activations[-1].shape[-x.ndim :]
        target = net._target(T, shape, activations[-1].dtype).reshape(activations[-1].shape)
        weight = self._loss.weight(len(x) if x.ndim == 2 else None)
        losses, row = self._top(activations[-1], target, caches[-1])
        top = np.multiply(row, weight, dtype=activations[-1].dtype, casting="same_kind")
        passes = list(zip(self._steps, by_layer, caches, strict=True))[::-1]

        found = kept_afloat(partial(self._backward, passes, {len(passes): top}), top.dtype)
        found = {name: found[name] for name in net.parameters}
        gradients = {name: array.copy() for name, array in found.items()} if copy else found
        return float(losses.sum(dtype=np.float64)) * weight, gradients

    def _forward(self, X: Array, parameters: tuple[Parameters, ...]) -> tuple[list[Array], list[Any]]:
        activations, caches = [X], []
        for step, params in zip(self._steps, parameters, strict=True):
            inputs = tuple([activations[k] for _, k in step.below])
            values, cache = step.forward(params, inputs, step.workspace)
            activations.append(np.asarray(values))
            caches.append(cache)
        return activations, caches

    def _top(self, y: Array, t: Array, cache: Any) -> tuple[Array, Array]:
        """The losses, and dL/dz_N where loss and last layer fuse, else dL/da_N."""
        if not self._fused:
            return self._loss.value(y, t), self._loss.row(y, t)
        return self._loss.head(self._last.sum(cache), t)

    @property
    def _last(self) -> SumLayer:
        last = self._architecture.layers[-1]
        assert isinstance(last, SumLayer), "a gate belongs to a layer with a sum"
        return last

    def _backward(
        self, passes: list[tuple[_Step, Parameters, Any]], deltas: dict[int, Array], lift: Lift
    ) -> Iterator[tuple[str, Array]]:
        """The gradient of each parameter, from the top layer down."""
        for step, params, cache in passes:
            if step.number not in deltas:
                continue

            def across(
                rows: dict[int, Array], step: _Step = step, params: Parameters = params, cache: Any = cache
            ) -> dict[Operand, Array]:
                delta = rows[step.number].view()
                delta.setflags(write=False)  # the step may be taken again
                return step.backward(delta, params, cache, step.workspace)

            deltas, passed = lift.through(across, deltas)
            deltas = {k: delta for k, delta in deltas.items() if k != step.number}
            for operand, k in step.below:
                if operand in passed:
                    deltas[k] = deltas[k] + passed[operand] if k in deltas else passed[operand]
            for slot, name in step.slots:
                yield name, passed[slot]
