"""Curvature by the routes that a good user of torch, and of BackPACK, would take; classifiers on one thread.

Index legend: c cases, o outputs, m outputs of a layer.
"""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterator
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Literal, TypeAlias

import numpy as np

from jacobprop.arrays import Array

from ..agreement import rounding
from ..comparison import Candidate, Run
from ..workloads import Workload
from .directions import tangent
from .peer import Route
from .torch_routes import _Model, _tensors, _torch, _warm

CurvatureQuestion: TypeAlias = Literal["G v", "H v", "diag(G)"]


def curvature_candidates(
    question: CurvatureQuestion, work: Workload, peers: Collection[str]
) -> Iterator[Candidate]:
    """One for every route of torch, if it is among the peers, and of BackPACK, where it is installed."""
    if "torch" not in peers:
        return
    routes = ROUTES[question]
    for name, route in routes.items():
        if not name.startswith("backpack") or find_spec("backpack"):
            yield Candidate(
                name, partial(route, work), rounding(work.dtype), role="peer", label="same answer"
            )


def _flat(tensors: Any) -> Array:
    return np.concatenate([tensor.detach().numpy().ravel() for tensor in tensors])


def _bent(logits: Any, moved: Any, weight: float) -> Any:
    """weight (diag(p) - p p^T) moved."""
    p = _torch().softmax(logits, -1)
    return weight * p * (moved - (p * moved).sum(-1, keepdim=True))


def _gauss_newton_func(work: Workload) -> Run:
    """torch.func: jvp, the loss's Hessian, vjp."""
    model, torch = _Model(work), _torch()
    v = _tensors(tangent(work))

    def logits(parameters: Any) -> Any:
        return model.forward(parameters, model.X).last

    def run() -> dict[str, Array]:
        z, moved = torch.func.jvp(logits, (model.parameters,), (v,))
        _, pull = torch.func.vjp(logits, model.parameters)
        return {"product": _flat(pull(_bent(z, moved, model.net.weight))[0].values())}

    return _warm(run)


def _gauss_newton_dual(work: Workload) -> Run:
    """One pass with dual numbers whose graph is kept, and autograd.grad through it."""
    model, torch = _Model(work), _torch()
    forward_ad = import_module("torch.autograd.forward_ad")
    v = _tensors(tangent(work))
    parameters = {name: p.requires_grad_() for name, p in model.parameters.items()}

    def run() -> dict[str, Array]:
        with forward_ad.dual_level():
            dual = {name: forward_ad.make_dual(p, v[name]) for name, p in parameters.items()}
            z, moved = forward_ad.unpack_dual(model.forward(dual, model.X).last)
            covector = _bent(z.detach(), moved.detach(), model.net.weight)
            return {"product": _flat(torch.autograd.grad(z, tuple(parameters.values()), covector))}

    return _warm(run)


def _hessian_func(work: Workload) -> Run:
    """torch.func: jvp of grad, forward over reverse."""
    model, torch = _Model(work), _torch()
    v = _tensors(tangent(work))

    def loss(parameters: Any) -> Any:
        return model.losses(model.forward(parameters, model.X), model.T).sum() * model.net.weight

    gradient = torch.func.grad(loss)

    def run() -> dict[str, Array]:
        return {"product": _flat(torch.func.jvp(gradient, (model.parameters,), (v,))[1].values())}

    return _warm(run)


def _hessian_autograd(work: Workload) -> Run:
    """autograd.grad of grad . v, reverse over reverse."""
    model, torch = _Model(work), _torch()
    v = tuple(_tensors(tangent(work)).values())
    parameters = {name: p.requires_grad_() for name, p in model.parameters.items()}
    leaves = tuple(parameters.values())

    def run() -> dict[str, Array]:
        loss = model.losses(model.forward(parameters, model.X), model.T).sum() * model.net.weight
        slopes = torch.autograd.grad(loss, leaves, create_graph=True)
        return {"product": _flat(torch.autograd.grad(slopes, leaves, v))}

    return _warm(run)


def _diagonal_by_deltas(work: Workload) -> Run:
    """By hand: the columns of the root pulled to every sum at once, and (y^2)^T of their squares."""
    model, torch = _Model(work), _torch()

    def run() -> dict[str, Array]:
        ran = model.recorded()
        p = torch.softmax(ran.last.detach(), -1)
        columns = torch.diag_embed(p.sqrt()) - p[:, :, None] * p.sqrt()[:, None, :]
        covectors = columns.permute(2, 0, 1) * model.net.weight**0.5
        deltas = torch.autograd.grad(ran.last, ran.sums, covectors, is_grads_batched=True)
        squares = [(delta**2).sum(0) for delta in deltas]
        parts = []
        for y, square in zip(ran.below, squares, strict=True):
            parts += [(y.detach() ** 2).mT @ square, square.sum(0)]
        return {"diagonal": _flat(parts)}

    return _warm(run)


def _diagonal_backpack(work: Workload) -> Run:
    """BackPACK's DiagGGNExact in one backward pass of an extended torch.nn.Sequential."""
    torch, model = _torch(), _Model(work)
    backpack, extensions = import_module("backpack"), import_module("backpack.extensions")
    words = {"sigmoid": torch.nn.Sigmoid, "tanh": torch.nn.Tanh, "identity": torch.nn.Identity}
    modules: list[Any] = []
    linear: list[Any] = []
    for number, activation in model.net.layers:
        W, b = (model.parameters[f"{slot}{number}"] for slot in "Wb")
        layer = torch.nn.Linear(*W.shape, dtype=W.dtype)
        with torch.no_grad():
            layer.weight.copy_(W.mT)
            layer.bias.copy_(b)
        linear.append(layer)
        modules += [layer] + [words[activation]()] * (activation != "identity")
    net = backpack.extend(torch.nn.Sequential(*modules))
    entropy = backpack.extend(torch.nn.CrossEntropyLoss(reduction="mean"))

    def run() -> dict[str, Array]:
        net.zero_grad()
        with warnings.catch_warnings(), backpack.backpack(extensions.DiagGGNExact()):
            warnings.simplefilter("ignore")  # a hook finds that the input needs no gradient
            entropy(net(model.X), model.T).backward()
        parts = []
        for layer in linear:
            parts += [layer.weight.diag_ggn_exact.mT, layer.bias.diag_ggn_exact]
        return {"diagonal": _flat(parts)}

    return _warm(run)


ROUTES: dict[CurvatureQuestion, dict[str, Route]] = {
    "G v": {"torch jvp, vjp": _gauss_newton_func, "torch dual, grad": _gauss_newton_dual},
    "H v": {"torch jvp(grad)": _hessian_func, "torch grad(grad)": _hessian_autograd},
    "diag(G)": {"torch by hand": _diagonal_by_deltas, "backpack DiagGGNExact": _diagonal_backpack},
}
"""{question: {route: workload to run}}."""
