"""The modules of a torch Sequential in the order of its forward pass, each known by the class it extends."""

from collections.abc import Iterator
from typing import NamedTuple

from ..arrays import listed
from ..errors import UnsupportedLayerError
from .attributes import defined_in, entries
from .torch_tensors import refuse_hooks

WHERE = "from_torch"
_OWN = "torch.nn.modules."


def torch_kind(thing: object) -> str:
    """The name of the class of torch.nn whose forward pass the object has, empty for any other object.

    The batch normalisations share one forward pass and differ in the inputs that they take.
    """
    module, name = defined_in(thing, "forward")
    if name == "_BatchNorm":
        module, name = defined_in(thing, "_check_input_dim")
    caller, _ = defined_in(thing, "__call__")
    known = module.startswith(_OWN) and (not caller or caller.startswith(_OWN))
    return name if known else ""


class Part(NamedTuple):
    """A module that computes, and its path as in a state_dict: "0.2" is sequential[0][2]."""

    path: str
    kind: str
    module: object

    @property
    def where(self) -> str:
        """How an error names it."""
        return f"{WHERE}, module {self.path!r}" if self.path else WHERE


def parts(root: object) -> Iterator[Part]:
    """The modules that compute, nested Sequentials opened in their place."""
    pending, opened = [Part("", torch_kind(root), root)], set()
    while pending:
        part = pending.pop()
        if part.kind != "Sequential":
            yield part
            continue
        if id(part.module) in opened:
            raise _used_twice(part, "the Sequential")
        opened.add(id(part.module))
        refuse_hooks(part.module, part.where)
        for key, child in reversed(entries(part.module, "_modules")):
            pending.append(Part(f"{part.path}.{key}".lstrip("."), torch_kind(child), child))


def refuse_tied(part: Part, owners: dict[int, tuple[str, object]]) -> None:
    """A tensor in two modules has one gradient, which two layers would share out between them."""
    try:
        own = listed(part.module.parameters())  # type: ignore[attr-defined]  # every module has them
    except Exception:  # of an object that merely looks like one
        own = ()
    for tensor in own:
        if id(tensor) in owners:
            raise _used_twice(part, f"a parameter of module {owners[id(tensor)][0]!r}")
    owners.update({id(tensor): (part.path, tensor) for tensor in own})


def _used_twice(part: Part, what: str) -> UnsupportedLayerError:
    return UnsupportedLayerError(
        f"{what} is used twice",
        where=part.where,
        expected="parameters of its own for each module",
        remedy="Weights are not shared between layers yet: copy.deepcopy makes a second one.",
    )
