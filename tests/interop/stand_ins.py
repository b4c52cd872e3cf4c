"""Objects with the attributes of the originals and no more: reading is tested without the libraries."""

import itertools
from types import SimpleNamespace

import numpy as np

RNG = np.random.default_rng(607)


class Tensor:
    """What is asked of a tensor: detach, cpu, numpy, dtype, device."""

    def __init__(self, array, device="cpu"):
        self.array, self.device = np.asarray(array), device

    @property
    def dtype(self):
        return self.array.dtype

    def detach(self):
        return Tensor(self.array, self.device)

    def cpu(self):
        if self.device == "meta":
            raise NotImplementedError("Cannot copy out of meta tensor; no data!")
        return Tensor(self.array)

    def numpy(self):
        return self.array


def _kind(module, name):
    """A class that says it is torch's, with a forward pass that nobody calls."""
    return type(name, (), {"__module__": f"torch.nn.modules.{module}", "forward": None})


KINDS = {
    name: _kind(module, name)
    for module, names in {
        "container": ("Sequential",),
        "linear": ("Linear", "Identity"),
        "activation": (
            *("Sigmoid", "Tanh", "ReLU", "SiLU", "GELU", "Softplus", "Softsign"),
            *("LeakyReLU", "ELU", "Softmax", "LogSoftmax", "LogSigmoid"),
        ),
        "dropout": ("Dropout", "AlphaDropout"),
        "flatten": ("Flatten",),
        "batchnorm": ("_BatchNorm",),
        "loss": ("MSELoss", "BCELoss", "BCEWithLogitsLoss", "CrossEntropyLoss", "NLLLoss", "L1Loss"),
    }.items()
    for name in names
}


KINDS |= {  # of one forward pass
    f"BatchNorm{axes}d": type(
        f"BatchNorm{axes}d",
        (KINDS["_BatchNorm"],),
        {"__module__": "torch.nn.modules.batchnorm", "_check_input_dim": None},
    )
    for axes in (1, 2)
}


def module(name, base=None, **attributes):
    """An object of torch's class of this name, or of a subclass of it, with these attributes."""
    made = (base or KINDS[name])()
    vars(made).update(attributes)
    return made


def linear(n_in, n_out, bias=True, dtype=np.float64, **attributes):
    """A Linear, its weight (out, in)."""
    weight = Tensor(RNG.normal(size=(n_out, n_in)).astype(dtype))
    b = Tensor(RNG.normal(size=n_out).astype(dtype)) if bias else None
    own = [weight] if b is None else [weight, b]
    return module("Linear", weight=weight, bias=b, parameters=lambda: iter(own), **attributes)


def batch_norm(n, dtype=np.float64, affine=True, **attributes):
    """A BatchNorm1d in evaluation mode."""
    drawn = {
        name: Tensor(RNG.uniform(0.5, 2, n).astype(dtype))
        for name in ("running_mean", "running_var", "weight", "bias")
    }
    drawn |= {} if affine else {"weight": None, "bias": None}
    own = [drawn["weight"], drawn["bias"]] if affine else []
    options = {"training": False, "eps": 1e-3, "parameters": lambda: iter(own)}
    return module("BatchNorm1d", **drawn | options | attributes)


def sequential(*modules, **attributes):
    """A Sequential of these."""
    children = {str(place): child for place, child in enumerate(modules)}
    return module("Sequential", _modules=children, **attributes)


def perceptron(*sizes, activation="tanh", out_activation="identity", loss="squared_error", dtype=float):
    """A fitted MLP of scikit-learn, random."""
    pairs = list(itertools.pairwise(sizes))
    return SimpleNamespace(
        coefs_=[RNG.normal(size=pair).astype(dtype) for pair in pairs],
        intercepts_=[RNG.normal(size=m).astype(dtype) for _, m in pairs],
        activation=activation,
        out_activation_=out_activation,
        loss=loss,
    )
