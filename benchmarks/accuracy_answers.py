"""Whose answers are compared: ours through both doors, scipy's, and those of the peers that are installed.

Everybody is asked in float64 and in the form that a user would take: a derivative is what the library's
own differentiation gives. None where a library has no such function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from importlib.metadata import version
from typing import Any

import numpy as np
from scipy import special

from jacobprop import Softmax, activations, elementary
from jacobprop.arrays import Array

from .accuracy_shown import FLUSHES
from .invitation import invited
from .peers import jax_routes
from .suite import Role, Settings

Pair = tuple[Array | None, Array | None]
Ask = Callable[..., Pair]


@dataclass(frozen=True)
class Library:
    """Two answers to each question, the first and the second column of the table.

    Attributes
    ----------
    name, role
        Of the rows.
    activation : callable
        (name, z) to f and f'.
    softmax, jacobian : callable
        z to p and log p; to the diagonal of J^soft and its entries right of it.
    cross_entropy, binary_cross_entropy : callable
        z and a label for each row, z and targets: to losses and rows.
    halved : callable
        z to z / 2 in the library's own arithmetic.
    """

    name: str
    role: Role
    activation: Callable[[str, Array], Pair]
    softmax: Ask = field(default=lambda z: (None, None))
    jacobian: Ask = field(default=lambda z: (None, None))
    cross_entropy: Ask = field(default=lambda z, label: (None, None))
    binary_cross_entropy: Ask = field(default=lambda z, t: (None, None))
    halved: Callable[[Array], Array] = field(default=lambda z: z / 2)

    @cached_property
    def label(self) -> str:
        """Of the rows: whether the arithmetic takes subnormal numbers for 0, found by trying."""
        return FLUSHES if np.asarray(self.halved(np.array([1e-310])))[0] == 0 else ""


def libraries(settings: Settings) -> Iterator[Library]:
    """Ours first."""
    yield Library(
        "ours", "ours", _accurate, _softmax, _jacobian, _cross_entropy, elementary.binary_cross_entropy
    )
    yield Library("ours, in place", "ours", _in_place)
    for peer in invited(settings):
        if peer.name in _PEERS:
            yield _PEERS[peer.name](f"{peer.name} {peer.version.partition('+')[0]}")
    if settings.peers:
        yield _scipy(f"scipy {version('scipy')}")


def parts(J: Array) -> Pair:
    """The diagonals of a stack of matrices, and what stands right of them, row by row."""
    return np.diagonal(J, axis1=1, axis2=2), J[:, *np.triu_indices(J.shape[-1], 1)]


# -- ours ------------------------------------------------------------------------------------------


def _accurate(name: str, z: Array) -> Pair:
    return activations.get(name).value(z), activations.get(name).derivative(z)


def _in_place(name: str, z: Array) -> Pair:
    """In blocks of like size: a kernel takes its slower form where anything in the block overflows."""
    value, slope = np.empty_like(z), np.empty_like(z)
    for block in np.array_split(np.argsort(np.abs(z)), 40):
        part = z[block]
        f, derivative = np.empty_like(part), np.empty_like(part)
        activations.get(name).into(part, f, derivative)
        value[block], slope[block] = f, derivative
    return value, slope


def _softmax(z: Array) -> Pair:
    return elementary.softmax(z)[0], elementary.log_softmax(z)


def _jacobian(z: Array) -> Pair:
    layer = Softmax()
    return parts(layer.J_Sum(layer.forward({}, (z,))[1]).matrix())


def _cross_entropy(z: Array, label: Array) -> Pair:
    return elementary.cross_entropy(z, np.eye(z.shape[-1])[label])


# -- scipy: values, no derivatives --------------------------------------------------------------------


def _scipy(name: str) -> Library:
    known: dict[str, Callable[[Array], Array]] = {
        "sigmoid": special.expit,
        "silu": lambda z: z * special.expit(z),
        "gelu": lambda z: z * special.ndtr(z),
        "softplus": getattr(special, "softplus", lambda z: -special.log_expit(-z)),
    }

    def activation(asked: str, z: Array) -> Pair:
        return known[asked](z) if asked in known else None, None

    def softmax(z: Array) -> Pair:
        return special.softmax(z, axis=-1), special.log_softmax(z, axis=-1)

    def cross_entropy(z: Array, label: Array) -> Pair:
        return -special.log_softmax(z, axis=-1)[np.arange(len(z)), label], None

    return Library(name, "peer", activation, softmax, cross_entropy=cross_entropy)


# -- torch ---------------------------------------------------------------------------------------------


def _torch(name: str) -> Library:
    torch: Any = import_module("torch")
    F = torch.nn.functional
    known = {
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
        "softplus": F.softplus,
        "silu": F.silu,
        "gelu": F.gelu,
        "elu": F.elu,
        "leaky_relu": F.leaky_relu,
        "softsign": F.softsign,
    }

    def both(f: Callable[[Any], Any], z: Array) -> Pair:
        x = torch.tensor(z, requires_grad=True)
        y = f(x)
        (slope,) = torch.autograd.grad(y, x, torch.ones_like(y))
        return y.detach().numpy(), slope.numpy()

    def activation(asked: str, z: Array) -> Pair:
        return both(known[asked], z) if asked in known else (None, None)

    def softmax(z: Array) -> Pair:
        x = torch.tensor(z)
        return torch.softmax(x, -1).numpy(), torch.log_softmax(x, -1).numpy()

    def jacobian(z: Array) -> Pair:
        x = torch.tensor(z, requires_grad=True)
        p = torch.softmax(x, -1)
        rows = [torch.autograd.grad(p[:, k].sum(), x, retain_graph=True)[0] for k in range(z.shape[-1])]
        return parts(torch.stack(rows, 1).numpy())

    def cross_entropy(z: Array, label: Array) -> Pair:
        return both(lambda x: F.cross_entropy(x, torch.tensor(label), reduction="none"), z)

    def binary_cross_entropy(z: Array, t: Array) -> Pair:
        loss = F.binary_cross_entropy_with_logits
        return both(lambda x: loss(x, torch.tensor(t), reduction="none").sum(-1), z)

    def halved(z: Array) -> Array:
        return np.asarray((torch.tensor(z) / 2).numpy())

    return Library(name, "peer", activation, softmax, jacobian, cross_entropy, binary_cross_entropy, halved)


# -- JAX -------------------------------------------------------------------------------------------------


def _jax(name: str) -> Library:
    jax = jax_routes._jax()
    nn, jnp = jax.nn, jax.numpy
    known = {
        "sigmoid": nn.sigmoid,
        "tanh": jnp.tanh,
        "softplus": nn.softplus,
        "silu": nn.silu,
        "gelu": lambda z: nn.gelu(z, approximate=False),
        "elu": nn.elu,
        "leaky_relu": nn.leaky_relu,
        "softsign": nn.soft_sign,
    }

    def both(f: Callable[..., Any], *inputs: Array) -> Pair:
        value, slope = jax.jit(jax.vmap(jax.value_and_grad(f)))(*inputs)
        return np.asarray(value), np.asarray(slope)

    def activation(asked: str, z: Array) -> Pair:
        return both(known[asked], z) if asked in known else (None, None)

    def softmax(z: Array) -> Pair:
        return np.asarray(jax.jit(nn.softmax)(z)), np.asarray(jax.jit(nn.log_softmax)(z))

    def jacobian(z: Array) -> Pair:
        return parts(np.asarray(jax.jit(jax.vmap(jax.jacrev(nn.softmax)))(z)))

    def cross_entropy(z: Array, label: Array) -> Pair:
        return both(lambda x, k: -nn.log_softmax(x)[k], z, label)

    def binary_cross_entropy(z: Array, t: Array) -> Pair:
        return both(lambda x, y: -(y * nn.log_sigmoid(x) + (1 - y) * nn.log_sigmoid(-x)).sum(), z, t)

    def halved(z: Array) -> Array:
        return np.asarray(jax.jit(lambda x: x / 2)(z))

    return Library(name, "peer", activation, softmax, jacobian, cross_entropy, binary_cross_entropy, halved)


_PEERS: dict[str, Callable[[str], Library]] = {"torch": _torch, "jax": _jax}
