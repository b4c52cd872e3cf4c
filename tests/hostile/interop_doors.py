"""Networks from elsewhere: stand-ins of other libraries' objects, some of whose attributes are hostile."""

import itertools
from types import SimpleNamespace

import numpy as np
from hypothesis import strategies as st

import jacobprop as jp
from tests.interop import stand_ins

from .curvature_reference import agrees
from .forward_reference import FUNCTIONS, Reference
from .jacobian_doors import wide
from .material import FLOATS, contained, junk, numbers, sizes
from .trying import REFUSED


class Refusing:
    """Every attribute raises, even the class."""

    def __getattribute__(self, name):
        raise RuntimeError(name)


class Loud:
    """Every question to it raises."""

    def _raise(self, *arguments):
        raise RuntimeError("of somebody else")

    __eq__ = __hash__ = __bool__ = __len__ = __iter__ = __index__ = __float__ = __getitem__ = _raise
    __call__ = __contains__ = __array__ = __str__ = __repr__ = _raise


class LoudText(str):
    """Text that cannot be compared, looked up or shown."""

    __slots__ = ()
    __eq__ = __hash__ = __repr__ = __str__ = __len__ = Loud._raise


class LoudNumber(float):
    """A number that cannot be compared or shown."""

    __slots__ = ()
    __eq__ = __hash__ = __repr__ = __float__ = __lt__ = __gt__ = Loud._raise


class LoudDict(dict):
    """A dictionary that cannot be gone through."""

    __iter__ = items = values = keys = __len__ = Loud._raise


HOSTILE = {
    "refusing": Refusing,
    "refusing in a list": lambda: [Refusing()],
    "loud": Loud,
    "loud in a list": lambda: [Loud(), Loud()],
    "loud text": lambda: LoudText("relu"),
    "loud number": lambda: LoudNumber(0.5),
    "loud dict": lambda: LoudDict({"0": 1}),
    "no module": type("NoModule", (), {"__module__": None}),
    "a class": lambda: Refusing,
}


def hostile(trial):
    """Junk, or an object that raises where it can; by its name, for showing it would raise."""
    name = trial.draw(st.sampled_from([*HOSTILE, "junk", "junk"]), label="hostile")
    return trial.draw(junk) if name == "junk" else HOSTILE[name]()


def scikit_learn(trial):
    """jp.from_sklearn of stand-ins, their arrays in any container, an attribute of them hostile."""
    if trial.draw(st.integers(0, 5)) == 0:
        value = hostile(trial)
        trial.call(lambda: jp.from_sklearn(value), refused=True)
        return
    names = {"identity": "identity", "logistic": "sigmoid", "tanh": "tanh", "relu": "relu"}
    widths = [trial.draw(sizes), *trial.draw(st.lists(sizes, min_size=1, max_size=2))]
    head, loss = trial.draw(
        st.sampled_from([("identity", "squared_error"), ("logistic", "log_loss"), ("softmax", "log_loss")])
    )
    activation = trial.draw(st.sampled_from(sorted(names)))
    pairs = list(itertools.pairwise(widths))
    W = [trial.draw(contained(trial.draw(numbers(pair)))) for pair in pairs]
    b = [trial.draw(contained(trial.draw(numbers((m,))))) for _, m in pairs]
    fit = [
        w.array is not None and w.array.shape == pair and np.isfinite(w.array).all()
        for w, pair in zip(W, pairs, strict=True)
    ]
    fit += [v.value is None or (v.array is not None and np.isfinite(v.array).all()) for v in b]
    given = {
        "coefs_": [w.value for w in W],
        "intercepts_": [v.value for v in b],
        "activation": activation,
        "out_activation_": head,
        "loss": loss,
    }
    mlp, changed = (
        SimpleNamespace(**given),
        trial.draw(st.sampled_from([None, None, *given, "steps", "coefs_[0]", "missing"])),
    )
    _spoil(trial, mlp, changed)
    refused = None if changed or (head == "softmax" and widths[-1] == 1) else not all(fit)
    net = trial.call(lambda: jp.from_sklearn(mlp), refused=refused)
    if net is REFUSED:
        return
    assert len(repr(net)) < 2000
    if changed is None:
        activations = [names[activation]] * (len(W) - 1) + ["sigmoid" if head == "logistic" else "identity"]
        biases = [np.zeros(m) if v.value is None else v.array for v, (_, m) in zip(b, pairs, strict=True)]
        layers = [(wide(w.array), wide(v), name) for w, v, name in zip(W, biases, activations, strict=True)]
        _computes(trial, net, layers + ["softmax"] * (head == "softmax"), widths[0])


def _spoil(trial, mlp, changed):
    """Put something else in the place of an attribute, or of an entry of it."""
    if changed == "coefs_[0]":
        mlp.coefs_[0] = hostile(trial)
    elif changed == "missing":
        delattr(mlp, trial.draw(st.sampled_from(sorted(vars(mlp)))))
    elif changed is not None:
        setattr(mlp, changed, hostile(trial))


@np.errstate(all="ignore")
def _computes(trial, net, layers, n_in):
    """Whether the network is these layers."""
    X = trial.draw(numbers((2, n_in), wild=False))
    r = Reference(layers, X)
    size = max(
        float(np.abs(np.asarray(part, float)).max(initial=0))
        for layer in layers
        if not isinstance(layer, str)
        for part in layer[:2]
    )
    found = trial.call(net, X, refused=False)
    if size < 100:
        sway = 1 + sum(bound.max(axis=-1, keepdims=True) for bound in r.bounds)
        for layer in layers:
            sway = sway * (1 if isinstance(layer, str) else 1 + np.abs(layer[0]).sum())
        agrees(found, r.output, np.broadcast_to(sway, r.output.shape), found.dtype, net.dtype)


MODULES = {
    "Sigmoid": "sigmoid",
    "Tanh": "tanh",
    "ReLU": "relu",
    "Softplus": "softplus",
    "Identity": None,
    "Dropout": None,
    "Softmax": "softmax",
    "LogSoftmax": "log_softmax",
}
OPTIONS = {
    "Softplus": {"beta": 1, "threshold": 20},
    "Dropout": {"training": False, "p": 0.5},
    "Softmax": {"dim": -1},
    "LogSoftmax": {"dim": 1},
}
TORCH_LOSSES = ("MSELoss", "BCELoss", "BCEWithLogitsLoss", "CrossEntropyLoss", "NLLLoss", "L1Loss")


def torch(trial):
    """jp.from_torch of stand-ins for modules, an attribute of one of them hostile, and losses."""
    if trial.draw(st.integers(0, 5)) == 0:
        value = hostile(trial)
        trial.call(lambda: jp.from_torch(value), refused=True)
        return
    widths = [trial.draw(sizes), *trial.draw(st.lists(sizes, min_size=1, max_size=2))]
    modules, layers, fits = [], [], True
    for pair in itertools.pairwise(widths):
        linear, layer, right = _linear(trial, *pair)
        name = trial.draw(st.sampled_from(sorted(MODULES)))
        modules += [linear, stand_ins.module(name, **OPTIONS.get(name, {}))]
        fits &= right
        if layer is not None:
            function = MODULES[name]
            layers.append((*layer, function if function in FUNCTIONS else "identity"))
            layers += [function] * (function in ("softmax", "log_softmax"))
    whole = stand_ins.sequential(*modules)
    spoiled = trial.draw(st.sampled_from([None, None, "attribute", "attribute", "module", "whole"]))
    _spoil_modules(trial, whole, modules, spoiled)
    loss, kept = _torch_loss(trial)
    net = trial.call(lambda: jp.from_torch(whole, loss), refused=None if spoiled or not kept else not fits)
    if net is REFUSED:
        return
    assert len(repr(net)) < 2000
    if spoiled is None and kept:
        _computes(trial, net, layers, widths[0])


@np.errstate(all="ignore")
def _linear(trial, n_in, n_out):
    """A Linear, its W, b as ours, and whether it can be taken."""
    arrays = []
    for shape in ((n_out, n_in), (n_out,)):
        array = trial.draw(numbers(shape)).astype(trial.draw(st.sampled_from([*FLOATS, "int64", "bool"])))
        arrays.append(array)
    weight, bias = map(stand_ins.Tensor, arrays)
    bias = None if trial.draw(st.integers(0, 2)) == 0 else bias
    own = [tensor for tensor in (weight, bias) if tensor is not None]
    made = stand_ins.module("Linear", weight=weight, bias=bias, parameters=lambda: iter(own))
    b = np.zeros(n_out) if bias is None else arrays[1]
    right = all(a.dtype.kind == "f" and np.isfinite(a).all() for a in (arrays[0], b))
    return made, (wide(arrays[0].T), wide(b)), right


def _spoil_modules(trial, whole, modules, spoiled):
    place = trial.draw(st.integers(0, len(modules) - 1))
    if spoiled == "attribute":
        extra = (
            "forward",
            "__call__",
            "_forward_hooks",
            "_forward_pre_hooks",
            "parametrizations",
            "training",
        )
        name = trial.draw(st.sampled_from([*vars(modules[place]), *extra]))
        setattr(modules[place], name, hostile(trial))
    elif spoiled == "module":
        whole._modules[trial.draw(st.sampled_from(["0", "1", "7"]))] = hostile(trial)
    elif spoiled == "whole":
        setattr(whole, trial.draw(st.sampled_from(["_modules", "forward", "_forward_hooks"])), hostile(trial))


def _torch_loss(trial):
    """A loss, and whether it leaves the outputs as they are and fits anything."""
    which = trial.draw(st.sampled_from(["none", "none", "ours", "torch", "hostile"]), label="loss")
    if which == "none":
        return None, True
    if which == "ours":
        return jp.SquaredError(), True
    if which == "hostile":
        return hostile(trial), False
    made = stand_ins.module(
        trial.draw(st.sampled_from(TORCH_LOSSES)), reduction="mean", weight=None, label_smoothing=0.0
    )
    if trial.draw(st.booleans()):
        setattr(
            made,
            trial.draw(
                st.sampled_from(["reduction", "weight", "label_smoothing", "ignore_index", "pos_weight"])
            ),
            hostile(trial),
        )
    return made, False


DOORS = {"from_sklearn": scikit_learn, "from_torch": torch}
