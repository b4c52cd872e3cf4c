"""The record of one forward pass: every activation, and from them every Jacobian.

A record is a value: it never changes. It remembers running products, so that the Jacobians by all
parameters cost one walk from the top down.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from types import MappingProxyType
from typing import Any

import numpy as np

from ._lazy import sympy
from .architecture import LOSS, SUM, Architecture, Edge, Node
from .arrays import Array, as_array, cases_of, freeze, quiet
from .chain import Chain
from .errors import MissingTargetError, OptionError, ShapeError, UnknownNameError, shown
from .factors import LayerFactors, couples
from .jacobians import DenseJacobian, IdentityJacobian, Jacobian
from .jacobians.identity import unit
from .layers.base import Parameters
from .layout import Shape
from .losses import Loss
from .walks import pull_to_parameters, push_up

_WORTH_A_PLAN = 2**22
"""Multiply-adds of a backward walk from which on another order is sought: planning takes some 0.1 ms."""
_GAIN = 1.25
"""How much cheaper it must be than the walk, which remembers what it passes."""


class Record:
    """What a forward pass leaves behind; made by ``Network.forward``.

    Examples
    --------
    >>> from jacobprop.layers import Dense
    >>> from jacobprop.losses import SquaredError
    >>> from jacobprop.network import Network
    >>> net = Network([Dense(3, 2, "tanh"), Dense(2, 1)], loss=SquaredError())
    >>> record = net.forward([[0.0, 1.0, 2.0]] * 5, [[1.0]] * 5)  # five cases
    >>> record.jacobian("a2", "W1")
    <J_W1^a2: left (x) y, (1,) by (3, 2), 5 cases, 216 of 240 bytes>
    >>> {name: gradient.shape for name, gradient in record.gradients().items()}
    {'W1': (3, 2), 'b1': (2,), 'W2': (2, 1), 'b2': (1,)}
    """

    def __init__(
        self,
        architecture: Architecture,
        parameters: tuple[Parameters, ...],
        activations: tuple[Array, ...],
        caches: tuple[Any, ...],
        target: Array | None,
    ) -> None:
        self._architecture = architecture
        self._activations = activations
        self._target = target
        self._coupled = couples(architecture, activations[0])
        self._cases = None if self._coupled else cases_of(activations[0])
        self._layers = tuple(
            LayerFactors(architecture, number, params, activations, cache)
            for number, (params, cache) in enumerate(zip(parameters, caches, strict=True), 1)
        )
        self._running: dict[Node, dict[Node, Jacobian | None]] = {}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        for array in (*self._activations, self._target, state.get("losses")):
            if array is not None:
                freeze(array)  # read-only, as before the pickle

    def __repr__(self) -> str:
        widths = "-".join(str(a.shape[-1]) for a in self._activations)
        cases = "one case" if self.cases is None else f"{self.cases} cases"
        if self._coupled:
            cases = f"{len(self.output)} cases coupled"
        words = [widths, cases, str(self.dtype)]
        if self.target is not None:
            words.append(f"loss {self.loss}" if self.dtype.kind == "O" else f"loss {self.loss:.6g}")
        return f"<Record: {', '.join(words)}>"

    @property
    def cases(self) -> int | None:
        """The number of stacked cases; None for a one-dimensional input, and where a layer couples them.

        The whole batch is one case then, as in training with batch normalisation: its activations are
        (n, m), and L is the reduced loss.
        """
        return self._cases

    @property
    def coupled(self) -> bool:
        """Whether the cases of the batch are coupled, so that all of them are one case."""
        return self._coupled

    @property
    def target(self) -> Array | None:
        """t, shaped like the output; None if none was given."""
        return self._target

    @property
    def architecture(self) -> Architecture:
        """Which variable is a function of which."""
        return self._architecture

    @property
    def parameters(self) -> tuple[Parameters, ...]:
        """What each layer computed with: {slot: array}, read-only, in this pass's dtype."""
        return tuple(MappingProxyType(layer.parameters) for layer in self._layers)

    # -- values -----------------------------------------------------------------------------------

    @property
    def output(self) -> Array:
        """The activations of the last layer."""
        return self._activations[-1]

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the output."""
        return self.output.dtype

    def activation(self, layer: int) -> Array:
        """a_l, (cases,) + (width,); a_0 is the input."""
        return self._activations[self._architecture.check_number(layer, "record.activation", first=0)]

    def sum(self, layer: int) -> Array:
        """z_l, the sum that the activations of layer l are a function of."""
        return self._layers[self._architecture.check_number(layer, "record.sum") - 1].z

    @cached_property
    @quiet
    def losses(self) -> Array:
        """L of each case, (cases,), or () for one case."""
        loss, t = self._loss("record.losses")
        fused = self._architecture.fused and self.dtype.kind != "O"
        values = self._fused[0] if fused else loss.value(self.output, t)
        if self._coupled:
            values = self._reduced(values, self._share)
        return freeze(np.array(values, self.dtype))

    @property
    @quiet
    def loss(self) -> Any:
        """The losses reduced over the cases, as the loss function says: one number."""
        self._loss("record.loss")
        return self._reduced(self.losses, self.weight)

    def _reduced(self, losses: Array, weight: Any) -> Any:
        if self.dtype.kind == "O":
            return losses.sum() * weight
        return float(losses.sum(dtype=np.float64) * weight)

    @property
    def weight(self) -> Any:
        """What each case's loss counts in `loss`: a float, or an exact fraction among expressions."""
        return self._share if not self._coupled else 1 if self.dtype.kind == "O" else 1.0

    @property
    def _share(self) -> Any:
        """What the loss of each row of the output counts in `loss`."""
        weight = self._loss("record.weight")[0].weight(cases_of(self.output))
        exact = self.dtype.kind == "O"
        return sympy.Rational(Fraction(weight).limit_denominator()) if exact else weight

    def _loss(self, where: str) -> tuple[Loss, Array]:
        loss = self._architecture.loss
        if loss is None or self.target is None:
            raise MissingTargetError(
                "the network has no loss" if loss is None else "the record has no target",
                where=where,
                expected="a loss function and a target",
                remedy="Build jp.Network(layers, loss=...) and call net.forward(X, T).",
            )
        return loss, self.target

    # -- factors ------------------------------------------------------------------------------------

    def layer(self, layer: int) -> LayerFactors:
        """The factors of layer l: .J_Y, .J_W, .J_W_hat, .J_b, .J_Sum, .J_soft."""
        return self._layers[self._architecture.check_number(layer, "record.layer") - 1]

    @cached_property
    @quiet
    def J_N(self) -> Jacobian:
        """J_N^L, the loss by the last activations; infinite where a saturated output is wrong.

        No result is computed from it where the loss fuses with the last layer.
        """
        loss, t = self._loss("record.J_N")
        last = self._architecture.symbol(Node("a", self._architecture.depth))
        return self._row(loss.row(self.output, t)).named(f"J_{last}^L")

    @cached_property
    @quiet
    def _fused(self) -> tuple[Array, Array]:
        """L and dL/dz_N, where the loss fuses with the last layer."""
        loss, t = self._loss("record.jacobian")
        return loss.head(self._layers[-1].z, t)

    @cached_property
    def _head(self) -> Jacobian:
        """dL/dz_N, the accurate product of J_N^L and the last layer's J_Sum."""
        return self._row(self._fused[1])

    def _row(self, row: Array) -> Jacobian:
        shape = self._shape(row)
        array = np.array(row, self.dtype) * self._share if self._coupled else np.array(row, self.dtype)
        lead = row.shape[: row.ndim - len(shape)]
        return DenseJacobian._make(
            array=array.reshape(*lead, 1, -1), out_shape=(), in_shape=shape, cases=self.cases
        )

    def _shape(self, values: Array) -> Shape:
        """The shape of a variable in one case: of the whole batch where that is one."""
        return values.shape if self._coupled else values.shape[-1:]

    def _edge(self, edge: Edge) -> Jacobian:
        return self.J_N if edge.above == LOSS else self._layers[edge.above.layer - 1].edge(edge)

    # -- chains ---------------------------------------------------------------------------------------

    @quiet
    def chain(self, of: str, wrt: str) -> Chain:
        """The factors of d(of)/d(wrt) as on the slides, from `of` inward; multiplied when asked.

        Parameters
        ----------
        of : str
            "L", an activation such as "a2", a sum such as "z2", or the slides' letter for it.
        wrt : str
            An earlier activation, a sum, a weight or a bias.

        Raises
        ------
        UnknownNameError
            A name does not exist, or `of` is no function of `wrt`.
        UnsupportedLayerError
            More than one path leads from `of` to `wrt`.
        """
        above, below = self._pair(of, wrt, "record.chain")
        factors: list[Jacobian] = []
        variables = [above]
        for edge in self._architecture.slide_path(above, below):
            J = self._layers[edge.above.layer - 1].J_Sum if edge.operand == SUM else self._edge(edge)
            if factors and edge.above.letter == SUM and isinstance(J, IdentityJacobian):
                variables[-1] = edge.below  # the sum of a softmax layer is the activation below
                if isinstance(edge.operand, str):  # and the sum plus a bias moves as the bias does
                    factors[-1] = factors[-1].named(self._symbol(variables[-2], edge.below))
                continue
            factors.append(J if J.symbol else J.named(self._symbol(edge.above, edge.below)))
            variables.append(edge.below)
        fused = above == LOSS and self._architecture.fused and len(factors) > 1
        if not factors:
            shape = self._shape(self._activations[above.layer])
            factors, variables = [self._identity(shape).named(self._symbol(above, below))], [above, below]
        symbols = [self._architecture.symbol(node) for node in variables]
        return Chain(factors, variables=symbols, head=self._head if fused else None)

    def _numerator(self, of: str, where: str) -> Node:
        """The loss, an activation or a sum."""
        if isinstance(of, str) and of == "L":
            self._loss(where)
        above = self._architecture.node(of, where)
        if above.letter not in ("L", "a", SUM):
            raise UnknownNameError(
                f"{above.name} is a parameter and no function of anything",
                where=where,
                got=shown(of),
                expected='"L", an activation or a sum',
                remedy="Name the numerator first: jacobian('L', 'W1') is dL/dW1.",
            )
        return above

    def _pair(self, of: str, wrt: str, where: str) -> tuple[Node, Node]:
        above = self._numerator(of, where)
        below = self._architecture.node(wrt, where)
        if below == LOSS:
            raise self._architecture.independent(above, below)
        return above, below

    def _symbol(self, above: Node, below: Node) -> str:
        return f"J_{self._architecture.symbol(below)}^{self._architecture.symbol(above)}"

    def _identity(self, shape: tuple[int, ...]) -> Jacobian:
        return unit(shape, self.cases, self.dtype)

    # -- products -------------------------------------------------------------------------------------

    @quiet
    def jacobian(self, of: str, wrt: str) -> Jacobian:
        """d(of)/d(wrt) for every pair that exists, structured; branches are added.

        ``jacobian("L", "W1")`` is each case's own loss by W1: out_shape (), a row (x) y.
        Parameters are as in `chain`; products are remembered. Across a bottleneck, where another order than
        the backward one costs much less, the plan of the chain is run instead: which of the two has run,
        after what else was asked, may show in the last bits.

        Raises
        ------
        UnknownNameError
            A name does not exist, or `of` is no function of `wrt`.
        MissingTargetError
            "L" without a loss or a target.
        """
        above, below = self._pair(of, wrt, "record.jacobian")
        self._run_plan(above, self._architecture.consumers[below][0].above if below.is_parameter else below)
        return self._product(above, below).named(self._symbol(above, below))

    def _run_plan(self, above: Node, below: Node) -> None:
        """Remember the product by its plan, unless the backward walk is about as cheap, or done already."""
        if below in self._running.get(above, ()) or self._savings(above, below) < _WORTH_A_PLAN:
            return
        edges = self._architecture.only_path(above, below)
        chain = Chain([self._edge(edge) for edge in edges]) if edges else None
        if chain is not None and chain.plan().gain >= _GAIN:
            self._running.setdefault(above, self._top(above))[below] = chain.multiply()

    def _savings(self, above: Node, below: Node) -> int:
        """About how many multiply-adds of the walk another order may save: of all if a layer is narrower
        than `above`, else none."""
        if above == LOSS or self._coupled:
            return 0
        rows = int(self._values(above).shape[-1])
        widths = [int(a.shape[-1]) for a in self._activations[max(below.layer - 1, 0) : above.layer + 1]]
        if min(widths, default=rows) >= rows:
            return 0
        return (self.cases or 1) * rows * sum(n * m for n, m in pairwise(widths))

    @quiet
    def jacobians(self, of: str) -> dict[str, Jacobian]:
        """The Jacobians of `of` by every parameter it depends on and by the input, in one walk."""
        above = self._numerator(of, "record.jacobians")
        below = [*self._architecture.parameter_nodes, Node("a", 0)]
        found = {node: self._product_or_none(above, node) for node in below}
        return {n.name: J.named(self._symbol(above, n)) for n, J in found.items() if J is not None}

    @quiet
    def gradients(self) -> dict[str, Array]:
        """The gradient of `loss` by every parameter, {"W1": array shaped like W1, ...}.

        The rows of ``jacobian("L", ...)`` added up over the cases: for a weight, Y^T Delta. One walk pulls
        the weighed rows of the loss through the factors, and keeps none of the products.
        """
        self._loss("record.gradients")
        if self.dtype.kind != "O":
            return self._pull_rows(LOSS, self.dtype.type(self.weight))
        summed = self._pull_rows(LOSS, 1)
        return {name: array * self.weight for name, array in summed.items()}  # 1.0 times 1/3 is a float

    def _pull_rows(self, above: Node, covector: Any) -> dict[str, Array]:
        """covector . d(above)/d(parameter), added up over the cases; of the loss one number for all rows."""
        if above != LOSS:
            lead = covector.shape[: covector.ndim - len(self._shape(covector))]
            rows, top = covector.reshape(*lead, 1, -1), above
        elif self._architecture.fused:
            rows, top = self._head._matrix() * covector, Node(SUM, self._architecture.depth)
        else:
            rows, top = self.J_N._matrix() * covector, Node("a", self._architecture.depth)
        found = pull_to_parameters(self._architecture, self._edge, top, rows)
        return {name: summed[0] for name, summed in found.items()}

    @quiet
    def pull(self, of: str, covector: object) -> dict[str, Array]:
        """u J for every parameter at once (vjp): {"W1": sum over cases and units of u d(of)/dW1, ...}.

        One walk down, without any Jacobian of `of`: the price of a gradient.

        Parameters
        ----------
        of : str
            An activation or a sum; for the loss there is `gradients`.
        covector : array (width,) or (cases, width)
            A number for each unit of `of`; (width,) counts for every case.

        Returns
        -------
        dict
            An array shaped like the parameter for each that `of` depends on.

        Raises
        ------
        UnknownNameError
            A name does not exist, or is the loss, the input or a parameter.
        ShapeError
            The covector does not fit `of`.

        Examples
        --------
        >>> from jacobprop import Dense, Network
        >>> record = Network([Dense(3, 4, "tanh"), Dense(4, 2)]).forward(np.ones((5, 3)))
        >>> {name: array.shape for name, array in record.pull("a2", [1.0, -1.0]).items()}
        {'W1': (3, 4), 'b1': (4,), 'W2': (4, 2), 'b2': (2,)}
        """
        above = self._numerator(of, "record.pull")
        if above == Node("a", 0) and self._architecture.parameter_nodes:
            raise self._architecture.independent(above, self._architecture.parameter_nodes[0])
        if above == LOSS:
            raise UnknownNameError(
                "the rows of the loss are weighed as the loss says",
                where="record.pull",
                got=shown(of),
                expected="an activation or a sum",
                remedy="record.gradients() pulls the loss.",
            )
        u = self._block(covector, above, "record.pull")
        return self._pull_rows(above, np.broadcast_to(u, self._values(above).shape))

    @quiet
    def push(self, of: str, tangents: Mapping[str, object]) -> Array:
        """J v for all of these variables at once (jvp): how `of` moves, (cases,) + (width,).

        One walk up, without any Jacobian of `of`: about the price of a forward pass.

        Parameters
        ----------
        of : str
            "L" (each case's own), an activation or a sum.
        tangents : mapping
            {name: array shaped like the variable}: parameters, or activations such as "a0".

        Raises
        ------
        UnknownNameError
            A name does not exist or stands twice, or `of` is no function of any of them.
        ShapeError, OptionError
            An array that does not fit its variable; no mapping, or an empty one.

        Examples
        --------
        >>> from jacobprop import Dense, Network
        >>> record = Network([Dense(3, 4, "tanh"), Dense(4, 2)]).forward(np.ones((5, 3)))
        >>> record.push("a2", {"b2": [1.0, 2.0]})[0]
        array([1., 2.])
        """
        above = self._numerator(of, "record.push")
        if not isinstance(tangents, Mapping) or not tangents:
            raise OptionError(
                "no variable moves",
                where="record.push",
                got=type(tangents).__name__ if tangents is not None else "None",
                expected='a mapping such as {"W1": array}',
                remedy="Name at least one parameter or activation.",
            )
        moves: dict[Node, Array] = {}
        names = self._architecture.names
        for _, name, tangent in names.each_once(tangents, "record.push", "variable"):
            node = self._architecture.nodes[name]
            if node == LOSS:
                raise self._architecture.independent(above, node)
            block = self._block(tangent, node, "record.push")
            if node.is_parameter or self._coupled:
                moves[node] = self._whole(block, node).reshape(-1, 1)
            else:
                moves[node] = block[..., None]
        fused = above == LOSS and self._architecture.fused
        top = Node(SUM, self._architecture.depth) if fused else above
        pushed = push_up(self._architecture, self._edge, moves, top)
        if pushed is None:
            raise self._architecture.independent(above, next(iter(moves)))
        if above == LOSS:
            losses = (self._head._push(pushed) if fused else pushed)[..., 0, 0]
            return np.array(np.broadcast_to(losses, () if self.cases is None else (self.cases,)))
        values = self._values(above)
        moved = pushed[..., 0].reshape(values.shape) if self._coupled else pushed[..., 0]
        return np.array(np.broadcast_to(moved, values.shape))

    def _whole(self, block: Array, node: Node) -> Array:
        """A tangent that counts for every row of a batch, for each of them."""
        return block if node.is_parameter else np.broadcast_to(block, self._values(node).shape)

    def _values(self, node: Node) -> Array:
        """a_l or z_l."""
        return self.sum(node.layer) if node.letter == SUM else self._activations[node.layer]

    def _block(self, value: object, node: Node, where: str) -> Array:
        """A tangent or covector of a variable: its shape, of an activation or sum also without the cases."""
        array = as_array(value, f"the block of {node.name}", where)
        if node.is_parameter:
            allowed: tuple[Shape, ...] = (self._layers[node.layer - 1].shape_of(node.letter),)
        else:
            shape = self._values(node).shape
            allowed = (shape, shape[-1:])
        if array.shape not in allowed:
            raise ShapeError(
                f"the numbers for {node.name} do not fit it",
                where=where,
                got=f"shape {array.shape}",
                expected=" or ".join(dict.fromkeys(map(str, allowed))),
                remedy="One number for each entry of the variable, cases first.",
            )
        return array if array.dtype.kind == "O" else array.astype(self.dtype, copy=False)

    def _product(self, above: Node, below: Node) -> Jacobian:
        product = self._product_or_none(above, below)
        if product is None:
            raise self._architecture.independent(above, below)
        return product

    def _product_or_none(self, above: Node, below: Node) -> Jacobian | None:
        """d(above)/d(below), None where there is no path: the backward walk, as far as it is needed."""
        if above not in self._running:
            self._running[above] = self._top(above)
        running = self._running[above]
        if below.is_parameter:  # it branches off the node that it feeds
            (edge,) = self._architecture.consumers[below]
            product = self._product_or_none(above, edge.above)
            return None if product is None else product @ self._edge(edge)
        if below not in running:
            for node in self._architecture.between(above, below):
                if node not in running:
                    running[node] = self._add_up(running, node)
        return running.get(below)

    def _add_up(self, running: dict[Node, Jacobian | None], node: Node) -> Jacobian | None:
        """The sum over all edges that arrive from above of (running product) . (factor)."""
        total: Jacobian | None = None
        for edge in self._architecture.consumers[node]:
            product = running.get(edge.above)
            if product is not None:
                term = product @ self._edge(edge)
                total = term if total is None else total + term
        return total

    def _top(self, above: Node) -> dict[Node, Jacobian | None]:
        """Where the walk starts: the loss's row, fused where it can be, or the identity."""
        depth = self._architecture.depth
        if above == LOSS:
            first: dict[Node, Jacobian | None] = {Node("a", depth): self.J_N}
            return first | {Node(SUM, depth): self._head} if self._architecture.fused else first
        return {above: self._identity(self._shape(self._values(above)))}
