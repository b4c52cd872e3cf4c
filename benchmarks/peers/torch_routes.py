"""Each question by each route that a good user of torch would take, in eager mode on one thread.

Eager, because torch.compile gained nothing measurable on these networks.

A plain functional forward pass, no modules. Results leave as views of torch's own memory
(``tensor.numpy()`` copies nothing); where a route has the axes in another order, as a transposed view.

Index legend: c cases, o outputs, n inputs and m outputs of a layer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
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
def _torch() -> Any:
    """The library, on one thread from its first use on; optional, so not at the top."""
    torch = import_module("torch")
    torch.set_num_threads(1)
    return torch


@cache
def _words() -> Words:
    torch = _torch()
    return Words(
        affine=lambda y, W, b: torch.nn.functional.linear(y, W.mT, b),
        activations={"sigmoid": torch.sigmoid, "tanh": torch.tanh, "identity": lambda z: z},
        softmax=lambda z: torch.softmax(z, -1),
    )


class _Model:
    """A workload in tensors."""

    def __init__(self, work: Workload) -> None:
        self.net: Reading = read(work)
        self.X = _tensor(work.X)
        self.T = _tensor(work.T)
        self.parameters = _tensors(self.net.parameters)

    def forward(self, parameters: Mapping[str, Any], X: Any) -> Pass:
        return forward(self.net, _words(), parameters, X)

    def output(self, parameters: Mapping[str, Any], X: Any) -> Any:
        return self.forward(parameters, X).output

    def losses(self, ran: Pass, T: Any) -> Any:
        """L of each case of a stack."""
        functions = _torch().nn.functional
        if self.net.loss == "CrossEntropy":
            return functions.cross_entropy(ran.last, T, reduction="none")
        if self.net.loss == "BinaryCrossEntropy":
            entropy = functions.binary_cross_entropy_with_logits
            return entropy(ran.sums[-1], T, reduction="none").sum(-1)
        return ((ran.output - T) ** 2).sum(-1) / 2

    def recorded(self) -> Pass:
        """A pass on the whole stack whose graph reaches down to the first sum."""
        first = {name: p.detach().requires_grad_() for name, p in self.parameters.items()}
        return self.forward(first, self.X)

    def covectors(self, output: Any) -> Any:
        """One unit covector for each output, the same for all cases: (o, c, o)."""
        unit = _torch().eye(output.shape[-1], dtype=output.dtype)
        return unit[:, None, :].expand(-1, *output.shape)

    def named(self, weights: Any, biases: Any) -> Arrays:
        """Results by layer, from the input up, under the names of the parameters."""
        pairs = zip(self.net.layers, weights, biases, strict=True)
        return {
            name: array.numpy()
            for (number, _), W, b in pairs
            for name, array in ((f"W{number}", W), (f"b{number}", b))
        }


def _tensor(array: Any) -> Any:
    return _torch().from_numpy(np.array(array))


def _tensors(arrays: Arrays) -> dict[str, Any]:
    return {name: _tensor(array) for name, array in arrays.items()}


def _numpy(tensors: Mapping[str, Any]) -> Arrays:
    return {name: tensor.numpy() for name, tensor in tensors.items()}


def _warm(run: Run) -> Run:
    run()
    return run


# -- the gradient of the loss --------------------------------------------------------------------------


def _gradient(work: Workload) -> Run:
    """autograd.grad of the reduced loss."""
    model, torch = _Model(work), _torch()
    parameters = {name: p.requires_grad_() for name, p in model.parameters.items()}

    def run() -> Arrays:
        loss = model.losses(model.forward(parameters, model.X), model.T).sum() * model.net.weight
        found = torch.autograd.grad(loss, tuple(parameters.values()))
        return _numpy(dict(zip(parameters, found, strict=True)))

    return _warm(run)


# -- the outputs by the input ----------------------------------------------------------------------------


def _by_case(transform: str) -> Route:
    """vmap over the cases of torch.func's jacrev or jacfwd."""

    def route(work: Workload) -> Run:
        model, torch = _Model(work), _torch()
        jacobian = getattr(torch.func, transform)(lambda x: model.output(model.parameters, x))
        stacked = torch.func.vmap(jacobian)
        return _warm(lambda: {"J": stacked(model.X).numpy()})

    return route


def _input_at_once(work: Workload) -> Run:
    """One batched vjp: autograd.grad of the whole stack for all unit covectors at once."""
    model, torch = _Model(work), _torch()
    X = model.X.requires_grad_()

    def run() -> Arrays:
        output = model.output(model.parameters, X)
        units = model.covectors(output)
        (rows,) = torch.autograd.grad(output, X, units, is_grads_batched=True)
        return {"J": rows.transpose(0, 1).numpy()}

    return _warm(run)


def _input_loop(work: Workload) -> Run:
    """One vjp of the whole stack for each output, into one array."""
    model, torch = _Model(work), _torch()
    X = model.X.requires_grad_()

    def run() -> Arrays:
        output = model.output(model.parameters, X)
        sums = output.sum(0)
        J = torch.empty((len(X), len(sums), X.shape[-1]), dtype=X.dtype)
        for k in range(len(sums)):
            (J[:, k],) = torch.autograd.grad(sums[k], X, retain_graph=True)
        return {"J": J.numpy()}

    return _warm(run)


# -- the outputs by all parameters -------------------------------------------------------------------------


def _weights_by_case(work: Workload) -> Run:
    """vmap over the cases of jacrev by all parameters."""
    model, torch = _Model(work), _torch()
    stacked = torch.func.vmap(torch.func.jacrev(model.output), in_dims=(None, 0))
    return _warm(lambda: _numpy(stacked(model.parameters, model.X)))


def _output_deltas(model: _Model) -> tuple[Pass, tuple[Any, ...]]:
    """A pass, and the outputs by every sum, (o, c, m) each."""
    ran = model.recorded()
    units = model.covectors(ran.output)
    return ran, _torch().autograd.grad(ran.output, ran.sums, units, is_grads_batched=True)


def _weights_by_deltas(work: Workload) -> Run:
    """By hand: the outputs by every sum, and their outer products with what the weights multiply."""
    model = _Model(work)

    def run() -> Arrays:
        ran, deltas = _output_deltas(model)
        lefts = [delta.transpose(0, 1) for delta in deltas]
        weights = (
            y.detach()[:, None, :, None] * left[:, :, None, :]
            for y, left in zip(ran.below, lefts, strict=True)
        )
        return model.named(weights, lefts)

    return _warm(run)


def _jvp(work: Workload) -> Run:
    """torch.func.jvp: forward mode along v."""
    model, torch = _Model(work), _torch()
    v = _tensors(tangent(work))

    def run() -> Arrays:
        pushed = torch.func.jvp(lambda p: model.output(p, model.X), (model.parameters,), (v,))[1]
        return {"J v": pushed.numpy()}

    return _warm(run)


def _jvp_dual(work: Workload) -> Run:
    """autograd.forward_ad, without the layers of torch.func."""
    model = _Model(work)
    forward_ad = import_module("torch.autograd.forward_ad")
    v = _tensors(tangent(work))

    def run() -> Arrays:
        with forward_ad.dual_level():
            dual = {name: forward_ad.make_dual(p, v[name]) for name, p in model.parameters.items()}
            return {"J v": forward_ad.unpack_dual(model.output(dual, model.X)).tangent.numpy()}

    return _warm(run)


def _vjp(work: Workload) -> Run:
    """autograd.grad of the outputs with u as their covectors."""
    model, torch = _Model(work), _torch()
    parameters = {name: p.requires_grad_() for name, p in model.parameters.items()}
    u = _tensor(covector(work))

    def run() -> Arrays:
        found = torch.autograd.grad(model.output(parameters, model.X), tuple(parameters.values()), u)
        return _numpy(dict(zip(parameters, found, strict=True)))

    return _warm(run)


def _diagonal_by_case(work: Workload) -> Run:
    """The squares of the dense Jacobians of one output after the other, by vmap of grad over the cases."""
    model, torch = _Model(work), _torch()

    def output(parameters: Mapping[str, Any], x: Any, k: int) -> Any:
        return model.output(parameters, x)[k]

    row = torch.func.vmap(torch.func.grad(output), in_dims=(None, 0, None))
    outputs = len(covector(work)[0])

    def run() -> Arrays:
        rows = (row(model.parameters, model.X, k) for k in range(outputs))
        squares = ({name: (J**2).sum(0) for name, J in found.items()} for found in rows)
        total = next(squares)
        for more in squares:
            total = {name: total[name] + more[name] for name in total}
        return _numpy(total)

    return _warm(run)


def _diagonal_by_deltas(work: Workload) -> Run:
    """By hand: sum_c y^2 sum_o (outputs by sums)^2, one GEMM a layer."""
    model = _Model(work)

    def run() -> Arrays:
        ran, deltas = _output_deltas(model)
        squares = [(delta**2).sum(0) for delta in deltas]
        weights = ((y.detach() ** 2).mT @ square for y, square in zip(ran.below, squares, strict=True))
        return model.named(weights, (square.sum(0) for square in squares))

    return _warm(run)


# -- the gradients of the cases' own losses ------------------------------------------------------------------


def _norms_by_case(work: Workload) -> Run:
    """vmap over the cases of grad: the dense per-sample gradients, then their norms."""
    model, torch = _Model(work), _torch()

    def loss(parameters: Mapping[str, Any], x: Any, t: Any) -> Any:
        return model.losses(model.forward(parameters, x[None]), t[None])[0]

    stacked = torch.func.vmap(torch.func.grad(loss), in_dims=(None, 0, 0))

    def run() -> Arrays:
        found = stacked(model.parameters, model.X, model.T).values()
        return {"norms": sum((g.flatten(1) ** 2).sum(1) for g in found).sqrt().numpy()}

    return _warm(run)


def _norms_by_deltas(work: Workload) -> Run:
    """By hand: |delta|^2 (|y|^2 + 1), added up over the layers (Goodfellow's trick)."""
    model, torch = _Model(work), _torch()

    def run() -> Arrays:
        ran = model.recorded()
        deltas = torch.autograd.grad(model.losses(ran, model.T).sum(), ran.sums)
        pairs = zip(ran.below, deltas, strict=True)
        squares: Any = sum((d**2).sum(1) * ((y.detach() ** 2).sum(1) + 1) for y, d in pairs)
        return {"norms": squares.sqrt().numpy()}

    return _warm(run)


# -- the tangent kernel of the outputs -------------------------------------------------------------------


def _kernel_contracted(work: Workload) -> Run:
    """As in torch's tutorial: vmap of jacrev over the cases, and one contraction for each parameter."""
    model, torch = _Model(work), _torch()
    stacked = torch.func.vmap(torch.func.jacrev(model.output), in_dims=(None, 0))

    def run() -> Arrays:
        flat = (J.flatten(2) for J in stacked(model.parameters, model.X).values())
        return {"K": sum(torch.einsum("naf,mbf->namb", J, J) for J in flat).numpy()}

    return _warm(run)


def _kernel_by_deltas(work: Workload) -> Run:
    """By hand: (y . y' + 1) (outputs by sums . outputs by sums), added up over the layers."""
    model, torch = _Model(work), _torch()

    def run() -> Arrays:
        ran, deltas = _output_deltas(model)
        cases, outputs = ran.output.shape
        kernel = torch.zeros((cases, outputs, cases, outputs), dtype=ran.output.dtype)
        for y, delta in zip(ran.below, deltas, strict=True):
            flat = delta.transpose(0, 1).flatten(0, 1)
            product = (flat @ flat.mT).view(kernel.shape)
            kernel += product.mul_((y.detach() @ y.detach().mT + 1)[:, None, :, None])
        return {"K": kernel.numpy()}

    return _warm(run)


ROUTES: dict[Question, dict[str, Callable[[Workload], Run]]] = {
    "gradient": {"autograd": _gradient},
    "input_jacobian": {
        "jacrev": _by_case("jacrev"),
        "jacfwd": _by_case("jacfwd"),
        "batched vjp": _input_at_once,
        "vjp loop": _input_loop,
    },
    "weight_jacobians": {"jacrev": _weights_by_case, "by hand": _weights_by_deltas},
    "jvp": {"jvp": _jvp, "forward_ad": _jvp_dual},
    "vjp": {"autograd": _vjp},
    "diagonal": {"vmap(grad)": _diagonal_by_case, "by hand": _diagonal_by_deltas},
    "gradient_norms": {"vmap(grad)": _norms_by_case, "by hand": _norms_by_deltas},
    "tangent_kernel": {"jacrev contracted": _kernel_contracted, "by hand": _kernel_by_deltas},
}
"""{question: {route: workload to run}}, the usual route first."""
