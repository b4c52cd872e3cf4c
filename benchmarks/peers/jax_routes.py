"""Each question by each route that a good user of JAX would take, jitted, on one thread.

Everything is compiled and run once before it is timed; each call waits for its result. Results leave
as views of JAX's own memory (``np.asarray`` of an array on the CPU copies nothing).

Index legend: c cases, o outputs, n inputs and m outputs of a layer.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache, partial
from importlib import import_module
from typing import Any

import numpy as np

from ..agreement import Arrays
from ..comparison import Run
from ..workloads import Workload
from .directions import covector, tangent
from .peer import Question, Route
from .reading import Pass, Reading, Words, forward, read


@cache
def _jax() -> Any:
    """The library, with doubles and on one thread from its first use on; optional, so not at the top.

    A client that was started elsewhere before keeps its threads. XLA's flag alone leaves the pool of
    its elementwise kernels at one thread a core; NPROC is what sizes it.
    """
    flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_cpu_multi_thread_eigen=false".strip()
    with _environment(XLA_FLAGS=flags, NPROC="1"):
        jax = import_module("jax")
        jax.config.update("jax_enable_x64", True)
        jax.config.update("jax_platforms", "cpu")
        jax.devices()  # starts the client, which reads the environment
    return jax


@contextmanager
def _environment(**variables: str) -> Iterator[None]:
    """These variables while the block runs, and afterwards what was there before."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


@cache
def _words() -> Words:
    jax = _jax()
    return Words(
        affine=lambda y, W, b: y @ W + b,
        activations={"sigmoid": jax.nn.sigmoid, "tanh": jax.numpy.tanh, "identity": lambda z: z},
        softmax=jax.nn.softmax,
    )


class _Model:
    """A workload in JAX's arrays; the methods are pure functions for it to trace."""

    def __init__(self, work: Workload) -> None:
        self.net: Reading = read(work)
        self.numpy = _jax().numpy
        output = work.net(work.X)
        assert work.net.loss is not None, "read refuses a network without a loss"
        self.X = self.array(work.X)
        self.T = self.array(work.net.loss.target(work.T, output.shape, output.dtype))
        self.parameters = {name: self.array(p) for name, p in self.net.parameters.items()}
        biases = {number: self.parameters[f"b{number}"] for number, _ in self.net.layers}
        self.offsets = {number: self.numpy.zeros_like(b) for number, b in biases.items()}
        self.units = self.numpy.eye(output.shape[-1], dtype=output.dtype)

    def array(self, array: Any) -> Any:
        return self.numpy.array(array)

    def output(self, parameters: Mapping[str, Any], X: Any) -> Any:
        return forward(self.net, _words(), parameters, X).output

    def losses(self, ran: Pass, T: Any) -> Any:
        """L of one case or of each case of a stack."""
        if self.net.loss == "CrossEntropy":
            return -(T * _jax().nn.log_softmax(ran.last)).sum(-1)
        if self.net.loss == "BinaryCrossEntropy":
            return (_jax().nn.softplus(ran.sums[-1]) - T * ran.sums[-1]).sum(-1)
        return ((ran.output - T) ** 2).sum(-1) / 2

    def loss(self, parameters: Mapping[str, Any], X: Any, T: Any) -> Any:
        """The sum over the cases, or one case's own loss."""
        return self.losses(forward(self.net, _words(), parameters, X), T).sum()

    def by_layer(self, weights: Any, biases: Any) -> dict[str, Any]:
        """Results by layer, from the input up, under the names of the parameters."""
        pairs = zip(self.net.layers, weights, biases, strict=True)
        return {
            name: array
            for (number, _), W, b in pairs
            for name, array in ((f"W{number}", W), (f"b{number}", b))
        }


def _jitted(function: Callable[..., Any], *arguments: Any) -> Run:
    """Compile, run once, and wait for every later run."""
    jax = _jax()
    compiled = jax.jit(function)

    def run() -> Arrays:
        found = jax.block_until_ready(compiled(*arguments))
        return {name: np.asarray(array) for name, array in found.items()}

    run()
    return run


# -- the gradient of the loss --------------------------------------------------------------------------


def _gradient(work: Workload) -> Run:
    """value_and_grad of the reduced loss."""
    model = _Model(work)

    def reduced(parameters: Any, X: Any, T: Any) -> Any:
        return model.loss(parameters, X, T) * model.net.weight

    both = _jax().value_and_grad(reduced)
    compiled = _jax().jit(both)

    def run() -> Arrays:
        _, found = _jax().block_until_ready(compiled(model.parameters, model.X, model.T))
        return {name: np.asarray(array) for name, array in found.items()}

    run()
    return run


# -- the outputs by the input ----------------------------------------------------------------------------


def _by_case(transform: str) -> Route:
    """vmap over the cases of jacrev or jacfwd."""

    def route(work: Workload) -> Run:
        model, jax = _Model(work), _jax()
        jacobian = jax.vmap(getattr(jax, transform)(model.output, argnums=1), in_axes=(None, 0))
        return _jitted(lambda p, X: {"J": jacobian(p, X)}, model.parameters, model.X)

    return route


def _input_at_once(work: Workload) -> Run:
    """One vjp of the whole stack, vmapped over the unit covectors."""
    model, jax = _Model(work), _jax()

    def answer(parameters: Any, X: Any) -> Any:
        output, pull = jax.vjp(partial(model.output, parameters), X)
        units = jax.numpy.broadcast_to(model.units[:, None, :], (len(model.units), *output.shape))
        return {"J": jax.vmap(lambda u: pull(u)[0], out_axes=1)(units)}

    return _jitted(answer, model.parameters, model.X)


# -- the outputs by all parameters -------------------------------------------------------------------------


def _weights_by_case(work: Workload) -> Run:
    """vmap over the cases of jacrev by all parameters."""
    model, jax = _Model(work), _jax()
    return _jitted(jax.vmap(jax.jacrev(model.output), in_axes=(None, 0)), model.parameters, model.X)


def _case_deltas(model: _Model, of: Callable[[Pass], Any]) -> Callable[[Any, Any], tuple[Any, Any]]:
    """What a layer's weights multiply, and `of` by its sum, for every layer of one case."""
    jax = _jax()

    def shifted(offsets: Any, parameters: Any, x: Any) -> Any:
        ran = forward(model.net, _words(), parameters, x, offsets)
        return of(ran), ran.below

    def answer(parameters: Any, x: Any) -> tuple[Any, Any]:
        deltas, below = jax.jacrev(shifted, has_aux=True)(model.offsets, parameters, x)
        return below, tuple(deltas[number] for number, _ in model.net.layers)

    return answer


def _weights_by_deltas(work: Workload) -> Run:
    """By hand: the outputs by every sum, and their outer products with what the weights multiply."""
    model, jax = _Model(work), _jax()
    below_and_deltas = jax.vmap(_case_deltas(model, lambda ran: ran.output), in_axes=(None, 0))

    def answer(parameters: Any, X: Any) -> Any:
        below, deltas = below_and_deltas(parameters, X)
        weights = (y[:, None, :, None] * d[:, :, None, :] for y, d in zip(below, deltas, strict=True))
        return model.by_layer(weights, deltas)

    return _jitted(answer, model.parameters, model.X)


def _jvp(work: Workload) -> Run:
    """jax.jvp: forward mode along v."""
    model, jax = _Model(work), _jax()
    v = {name: model.array(array) for name, array in tangent(work).items()}

    def answer(parameters: Any, v: Any, X: Any) -> Any:
        return {"J v": jax.jvp(lambda p: model.output(p, X), (parameters,), (v,))[1]}

    return _jitted(answer, model.parameters, v, model.X)


def _vjp(work: Workload) -> Run:
    """jax.vjp with u as the covector of the whole stack."""
    model, jax = _Model(work), _jax()

    def answer(parameters: Any, u: Any, X: Any) -> Any:
        (found,) = jax.vjp(lambda p: model.output(p, X), parameters)[1](u)
        return found

    return _jitted(answer, model.parameters, model.array(covector(work)), model.X)


def _diagonal_by_case(work: Workload) -> Run:
    """The squares of the dense Jacobians of one output after the other, by vmap of grad over the cases."""
    model, jax = _Model(work), _jax()

    def of(parameters: Any, x: Any, k: int) -> Any:
        return model.output(parameters, x)[k]

    row = jax.vmap(jax.grad(of), in_axes=(None, 0, None))

    def answer(parameters: Any, X: Any) -> Any:
        def add(total: Any, k: Any) -> Any:
            found = row(parameters, X, k)
            return {name: total[name] + (J**2).sum(0) for name, J in found.items()}, None

        zeros = {name: jax.numpy.zeros_like(p) for name, p in parameters.items()}
        return jax.lax.scan(add, zeros, jax.numpy.arange(len(model.units)))[0]

    return _jitted(answer, model.parameters, model.X)


def _diagonal_by_deltas(work: Workload) -> Run:
    """By hand: sum_c y^2 sum_o (outputs by sums)^2, one GEMM a layer."""
    model, jax = _Model(work), _jax()
    below_and_deltas = jax.vmap(_case_deltas(model, lambda ran: ran.output), in_axes=(None, 0))

    def answer(parameters: Any, X: Any) -> Any:
        below, deltas = below_and_deltas(parameters, X)
        squares = [(delta**2).sum(1) for delta in deltas]
        weights = ((y**2).T @ square for y, square in zip(below, squares, strict=True))
        return model.by_layer(weights, (square.sum(0) for square in squares))

    return _jitted(answer, model.parameters, model.X)


# -- the gradients of the cases' own losses ------------------------------------------------------------------


def _norms_by_case(work: Workload) -> Run:
    """vmap over the cases of grad: the dense per-sample gradients, then their norms."""
    model, jax = _Model(work), _jax()
    stacked = jax.vmap(jax.grad(model.loss), in_axes=(None, 0, 0))

    def answer(parameters: Any, X: Any, T: Any) -> Any:
        found = stacked(parameters, X, T).values()
        return {"norms": jax.numpy.sqrt(sum((g.reshape(len(g), -1) ** 2).sum(1) for g in found))}

    return _jitted(answer, model.parameters, model.X, model.T)


def _norms_by_deltas(work: Workload) -> Run:
    """By hand: |delta|^2 (|y|^2 + 1), added up over the layers (Goodfellow's trick)."""
    model, jax = _Model(work), _jax()

    def norm(parameters: Any, x: Any, t: Any) -> Any:
        below, deltas = _case_deltas(model, lambda ran: model.losses(ran, t))(parameters, x)
        pairs = zip(below, deltas, strict=True)
        return jax.numpy.sqrt(sum((d**2).sum() * ((y**2).sum() + 1) for y, d in pairs))

    stacked = jax.vmap(norm, in_axes=(None, 0, 0))
    return _jitted(lambda *a: {"norms": stacked(*a)}, model.parameters, model.X, model.T)


# -- the tangent kernel of the outputs -------------------------------------------------------------------


def _kernel_contracted(work: Workload) -> Run:
    """vmap over the cases of jacrev, and one contraction for each parameter."""
    model, jax = _Model(work), _jax()
    stacked = jax.vmap(jax.jacrev(model.output), in_axes=(None, 0))

    def answer(parameters: Any, X: Any) -> Any:
        flat = (J.reshape(*J.shape[:2], -1) for J in stacked(parameters, X).values())
        return {"K": sum(jax.numpy.einsum("naf,mbf->namb", J, J) for J in flat)}

    return _jitted(answer, model.parameters, model.X)


def _kernel_by_deltas(work: Workload) -> Run:
    """By hand: (y . y' + 1) (outputs by sums . outputs by sums), added up over the layers."""
    model, jax = _Model(work), _jax()
    below_and_deltas = jax.vmap(_case_deltas(model, lambda ran: ran.output), in_axes=(None, 0))

    def answer(parameters: Any, X: Any) -> Any:
        below, deltas = below_and_deltas(parameters, X)
        products = (
            jax.numpy.einsum("naj,mbj->namb", d, d) * (y @ y.T + 1)[:, None, :, None]
            for y, d in zip(below, deltas, strict=True)
        )
        return {"K": sum(products)}

    return _jitted(answer, model.parameters, model.X)


ROUTES: dict[Question, dict[str, Callable[[Workload], Run]]] = {
    "gradient": {"value_and_grad": _gradient},
    "input_jacobian": {
        "jacrev": _by_case("jacrev"),
        "jacfwd": _by_case("jacfwd"),
        "batched vjp": _input_at_once,
    },
    "weight_jacobians": {"jacrev": _weights_by_case, "by hand": _weights_by_deltas},
    "jvp": {"jvp": _jvp},
    "vjp": {"vjp": _vjp},
    "diagonal": {"vmap(grad)": _diagonal_by_case, "by hand": _diagonal_by_deltas},
    "gradient_norms": {"vmap(grad)": _norms_by_case, "by hand": _norms_by_deltas},
    "tangent_kernel": {"jacrev contracted": _kernel_contracted, "by hand": _kernel_by_deltas},
}
"""{question: {route: workload to run}}, the usual route first."""
