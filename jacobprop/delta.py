"""The delta rule, vectorised over the minibatch: ordinary backpropagation, the yardstick of the rest.

    delta_N = dL/dz_N,   delta_{l-1} = f'(z_{l-1}) * (delta_l W_l^T),   dL/dW_l = Y^T Delta

It knows no Jacobian objects. Per layer: one GEMM forward, two backward, all in arrays that are
reused from call to call (seed rows D-20 to D-24, S-13).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .arrays import Array, quiet
from .errors import DTypeError, MissingTargetError
from .layers import SumLayer, Workspace
from .layers.base import Parameters, fast_path
from .network import Network


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
        if net.loss is None:
            raise MissingTargetError(
                "the network has no loss",
                where="DeltaRule",
                expected="a network with a loss",
                remedy="Build jp.Network(layers, loss=...).",
            )
        self._net, self._loss = net, net.loss
        self._architecture = net.architecture
        depth = self._architecture.depth
        self._fused = self._architecture.fused
        used = self._needs_delta()
        self._workspaces = [
            Workspace(
                wants_input=any(used[k] for k in self._architecture.reads(number)),
                keeps_sum=self._fused and number == depth,
            )
            for number in range(1, depth + 1)
        ]
        layers = self._architecture.layers
        self._forward_paths = [fast_path(layer, "forward_into") for layer in layers]
        self._backward_paths = [fast_path(layer, "backward_into") for layer in layers]
        if self._fused:
            self._backward_paths[-1] = fast_path(layers[-1], "backward_sum_into")

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
        net = self._net if parameters is None else self._net.with_parameters(parameters)
        x, dtype = net._input(X, "DeltaRule.gradients(X)")
        if dtype.kind == "O":
            raise DTypeError(
                "the delta rule computes with floats",
                where="DeltaRule.gradients",
                got="sympy expressions",
                expected="floats",
                remedy="record.gradients() takes expressions through the chain.",
            )
        by_layer = net._by_layer(net.parameters, dtype)
        activations, caches = self._forward(np.atleast_2d(x), by_layer)
        shape = activations[-1].shape[-x.ndim :]
        target = np.atleast_2d(self._loss.target(T, shape, activations[-1].dtype))
        weight = self._loss.weight(len(x) if x.ndim == 2 else None)
        losses, delta = self._top(activations[-1], target, caches[-1])
        delta *= delta.dtype.type(weight)
        found = self._backward(delta, by_layer, caches, len(activations))
        gradients = {name: array.copy() for name, array in found.items()} if copy else found
        return float(losses.sum(dtype=np.float64)) * weight, gradients

    def _forward(self, X: Array, parameters: tuple[Parameters, ...]) -> tuple[list[Array], list[Any]]:
        activations, caches = [X], []
        for number, step in enumerate(self._forward_paths, 1):
            inputs = tuple(activations[k] for k in self._architecture.reads(number))
            values, cache = step(parameters[number - 1], inputs, self._workspaces[number - 1])
            activations.append(values)
            caches.append(cache)
        return activations, caches

    def _top(self, y: Array, t: Array, cache: Any) -> tuple[Array, Array]:
        """The losses, and dL/dz_N where loss and last layer fuse, else dL/da_N, in a fresh array."""
        if not self._fused:
            return self._loss.value(y, t), np.array(self._loss.row(y, t), y.dtype)
        z = self._last.sum(cache)
        return self._loss.head_value(z, t), np.array(self._loss.head_row(z, t), y.dtype)

    @property
    def _last(self) -> SumLayer:
        last = self._architecture.layers[-1]
        assert isinstance(last, SumLayer), "a gate belongs to a layer with a sum"
        return last

    @staticmethod
    def _branch(below: Array | None, delta: Array, alone: bool) -> Array:
        """What arrives at an activation, in an array of its own that the layer there may overwrite."""
        if below is not None:
            return below + delta
        return delta if alone else delta.copy()  # two inputs may have been handed one array

    def _backward(
        self, delta: Array, parameters: tuple[Parameters, ...], caches: list[Any], count: int
    ) -> dict[str, Array]:
        deltas: list[Array | None] = [None] * (count - 1) + [delta]
        found: dict[str, Array] = {}
        for number in range(count - 1, 0, -1):
            layer, arriving = self._architecture.layers[number - 1], deltas[number]
            if arriving is None:
                continue
            step = self._backward_paths[number - 1]
            passed = step(arriving, parameters[number - 1], caches[number - 1], self._workspaces[number - 1])
            for operand, k in zip(layer.inputs, self._architecture.reads(number), strict=True):
                if operand in passed:
                    deltas[k] = self._branch(deltas[k], passed[operand], alone=len(layer.inputs) == 1)
            found |= {f"{slot}{number}": passed[slot] for slot in self._architecture.slots[number - 1]}
        return {node.name: found[node.name] for node in self._architecture.parameter_nodes}
