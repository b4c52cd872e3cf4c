"""Torch's modules, read by their attributes: stand-ins with weights of their own, and every refusal."""

import numpy as np
import pytest
from scipy.special import erf, expit, log_softmax, softmax

import jacobprop as jp
from jacobprop import errors
from jacobprop.interop import from_torch

from .stand_ins import KINDS, RNG, Tensor, batch_norm, linear, module, sequential

CASES, N = 7, 5
X = RNG.normal(size=(CASES, N))

ACTIVATIONS = {
    "Sigmoid": ({}, expit),
    "Tanh": ({}, np.tanh),
    "ReLU": ({}, lambda z: np.maximum(z, 0)),
    "SiLU": ({}, lambda z: z * expit(z)),
    "GELU": ({"approximate": "none"}, lambda z: z / 2 * (1 + erf(z / np.sqrt(2)))),
    "Softplus": ({"beta": 1, "threshold": 20}, lambda z: np.logaddexp(0, z)),
    "Softsign": ({}, lambda z: z / (1 + abs(z))),
    "LeakyReLU": ({"negative_slope": 0.3}, lambda z: np.where(z > 0, z, 0.3 * z)),
    "ELU": ({"alpha": 1.7}, lambda z: np.where(z > 0, z, 1.7 * np.expm1(z))),
}


def affine(part, a):
    """y W^T + b, as torch writes it."""
    b = 0 if part.bias is None else part.bias.array
    return np.einsum("oi,ci->co", part.weight.array, a) + b


# -- what comes out ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("bias", [True, False])
def test_a_linear_and_its_activation_are_one_layer(name, bias):
    options, f = ACTIVATIONS[name]
    first, square, last = linear(N, 4, bias), linear(4, 4, bias), linear(4, 3, bias)
    net = from_torch(sequential(first, module(name, **options), square, module(name, **options), last))
    assert len(net.layers) == 3
    expected = affine(last, f(affine(square, f(affine(first, X)))))
    assert np.allclose(net(X), expected, rtol=1e-12, atol=1e-14)
    assert list(net.parameters) == (["W1", "b1", "W2", "b2", "W3", "b3"] if bias else ["W1", "W2", "W3"])
    wrong = net.with_parameters({"W2": net.parameters["W2"].T})
    assert not np.allclose(wrong(X), expected, atol=1e-3)  # a square weight left as torch has it


def test_every_activation_of_the_library_comes_from_a_module():
    kinds = {
        from_torch(sequential(linear(N, 3), module(name, **options))).layers[0].activation.name.split("(")[0]
        for name, (options, _) in ACTIVATIONS.items()
    }
    assert kinds | {"identity"} == set(jp.activations.NAMES)


@pytest.mark.parametrize("dim", [-1, 1, None])
@pytest.mark.parametrize(("name", "f"), [("Softmax", softmax), ("LogSoftmax", log_softmax)])
def test_a_softmax_is_a_layer(name, f, dim):
    top = linear(N, 3)
    net = from_torch(sequential(top, module(name, dim=dim)))
    assert [type(layer).__name__ for layer in net.layers] == ["Dense", name]
    assert np.allclose(net(X), f(affine(top, X), axis=1), rtol=1e-13)


@pytest.mark.parametrize(
    "idle",
    [
        module("Identity"),
        module("Flatten", start_dim=1, end_dim=-1),
        module("AlphaDropout", training=False, p=0.5),
        sequential(),
        sequential(module("Identity"), sequential()),
    ],
)
def test_what_does_nothing_leaves_no_layer(idle):
    first, last = linear(N, 4), linear(4, 2)
    bare = from_torch(sequential(first, module("Tanh"), last))
    for place in range(4):
        modules = [first, module("Tanh"), last]
        modules.insert(place, idle)
        net = from_torch(sequential(*modules))
        assert len(net.layers) == 2
        assert np.array_equal(net(X), bare(X))


def test_dropout_is_a_layer_that_waits_for_training():
    first, last = linear(N, 4), linear(4, 2)
    bare = from_torch(sequential(first, module("Tanh"), last))
    for options in ({"training": False, "p": 0.25}, {"training": True, "p": 0}):
        net = from_torch(sequential(first, module("Tanh"), module("Dropout", **options), last))
        assert [type(layer).__name__ for layer in net.layers] == ["Dense", "Dropout", "Dense"]
        assert net.layers[1].rate == options["p"]
        assert net.layers[1].name == "2"
        assert np.array_equal(net(X), bare(X))


def normalised(part, a):
    """(y - mean) / sqrt(var + eps) weight + bias, as torch writes it."""
    mean, var = part.running_mean.array, part.running_var.array
    u = (a - mean) / np.sqrt(var + part.eps)
    return u if part.weight is None else u * part.weight.array + part.bias.array


@pytest.mark.parametrize("affine_too", [True, False])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_a_batch_norm_is_a_layer_with_its_statistics(affine_too, dtype):
    first, norm = linear(N, 4, dtype=dtype), batch_norm(4, dtype, affine_too)
    net = from_torch(sequential(first, norm, module("Tanh")))
    assert [type(layer).__name__ for layer in net.layers] == ["Dense", "BatchNorm", "Elementwise"]
    assert [layer.name for layer in net.layers] == ["0", "1", "2"]
    assert list(net.parameters) == ["W1", "b1", "C2", "b2"]
    assert net.dtype == dtype
    x = X.astype(dtype)
    expected = np.tanh(normalised(norm, affine(first, x)))
    assert np.allclose(net(x), expected, rtol=20 * np.finfo(dtype).eps, atol=20 * np.finfo(dtype).eps)
    swapped = batch_norm(4, dtype, affine_too)
    vars(swapped).update(vars(norm) | {"running_mean": norm.running_var, "running_var": norm.running_mean})
    assert not np.allclose(from_torch(sequential(first, swapped, module("Tanh")))(x), expected, atol=0.01)
    assert from_torch(norm).dtype == dtype  # also alone
    before = net(x)
    norm.running_mean.array[:] = 7
    assert np.array_equal(net(x), before)  # copied


def test_an_activation_after_anything_but_a_bare_linear_is_a_layer():
    tanh, relu, first = module("Tanh"), module("ReLU"), linear(N, 3)
    alone = from_torch(sequential(tanh, first))
    assert [type(layer).__name__ for layer in alone.layers] == ["Elementwise", "Dense"]
    assert np.allclose(alone(X), affine(first, np.tanh(X)), rtol=1e-12)
    twice = from_torch(sequential(first, relu, tanh))
    assert np.allclose(twice(X), np.tanh(np.maximum(affine(first, X), 0)), rtol=1e-12)
    above = from_torch(sequential(first, module("Softmax", dim=1), tanh))
    assert np.allclose(above(X), np.tanh(softmax(affine(first, X), axis=1)), rtol=1e-12)


def test_nesting_does_not_matter_and_layers_have_torchs_paths():
    parts = [linear(N, 4), module("Tanh"), linear(4, 6), module("ReLU"), linear(6, 2)]
    flat = from_torch(sequential(*parts))
    inner = sequential(sequential(parts[0]), sequential(parts[1], sequential(parts[2])))
    nested = from_torch(sequential(inner, *parts[3:]))
    assert [layer.name for layer in flat.layers] == ["0", "2", "4"]
    assert [layer.name for layer in nested.layers] == ["0.0.0", "0.1.1.0", "2"]
    assert np.array_equal(nested(X), flat(X))
    alone = from_torch(parts[0])
    assert np.allclose(alone(X), affine(parts[0], X), rtol=1e-14)
    deep = sequential(linear(N, 3))
    for _ in range(5_000):
        deep = sequential(deep)
    assert len(from_torch(deep).layers) == 1


def test_one_activation_object_may_serve_twice():
    tanh = module("Tanh")
    assert len(from_torch(sequential(linear(N, 4), tanh, linear(4, 3), tanh)).layers) == 2


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_weights_are_copied_and_keep_their_dtype(dtype):
    part = linear(N, 4, dtype=dtype)
    net = from_torch(sequential(part))
    assert net.dtype == dtype
    before = net(X.astype(dtype))
    part.weight.array[:] = 0
    part.bias.array[:] = 0
    assert np.array_equal(net(X.astype(dtype)), before)
    assert part.weight.array.flags.writeable


# -- losses ------------------------------------------------------------------------------------------------


def loss(name, **options):
    return module(name, **({"reduction": "mean"} | options))


@pytest.mark.parametrize(
    ("given", "modules", "kind", "reduction", "last"),
    [
        (loss("MSELoss"), [linear(N, 3)], jp.MeanSquaredError, "mean", "Dense"),
        (loss("MSELoss", reduction="sum"), [linear(N, 1)], jp.MeanSquaredError, "sum", "Dense"),
        (loss("CrossEntropyLoss"), [linear(N, 3)], jp.CrossEntropy, "mean", "Softmax"),
        (
            loss("CrossEntropyLoss", reduction="sum", ignore_index=-100, label_smoothing=0.0, weight=None),
            [linear(N, 3), module("Tanh")],
            jp.CrossEntropy,
            "sum",
            "Softmax",
        ),
        (
            loss("NLLLoss"),
            [linear(N, 3), module("LogSoftmax", dim=1)],
            jp.NegativeLogLikelihood,
            "mean",
            "LogSoftmax",
        ),
        (loss("BCELoss"), [linear(N, 1), module("Sigmoid")], jp.BinaryCrossEntropy, "mean", "sigmoid"),
        (loss("BCEWithLogitsLoss"), [linear(N, 1)], jp.BinaryCrossEntropy, "mean", "sigmoid"),
        (
            loss("BCEWithLogitsLoss", reduction="sum"),
            [linear(N, 3), module("Identity")],
            jp.BinaryCrossEntropy,
            "sum",
            "sigmoid",
        ),
    ],
)
def test_a_loss_is_ours_with_its_reduction(given, modules, kind, reduction, last):
    net = from_torch(sequential(*modules), given)
    assert type(net.loss) is kind
    assert net.loss.reduction == reduction
    assert last in repr(net.layers[-1])


@pytest.mark.parametrize("name", ["CrossEntropyLoss", "BCEWithLogitsLoss"])
def test_the_sum_below_the_probabilities_is_what_torch_returns(name):
    part = linear(N, 3)
    net = from_torch(sequential(part), loss(name, reduction="sum"))
    probabilities = softmax(affine(part, X), axis=1) if "Cross" in name else expit(affine(part, X))
    assert np.allclose(net(X), probabilities, rtol=1e-13)
    assert np.allclose(net.forward(X).sum(len(net.layers)), affine(part, X), rtol=1e-14)


def test_a_loss_of_our_own_is_taken_as_it_is():
    own = jp.SquaredError(reduction="sum")
    assert from_torch(sequential(linear(N, 3)), own).loss is own
    assert from_torch(sequential(linear(N, 3)), loss=None).loss is None


# -- weights that a hook computes --------------------------------------------------------------------------


def hook(where, **attributes):
    """A pre-hook of this module of torch."""
    made = type("Hook", (), {"__module__": where, "__call__": lambda self, *_: None})()
    vars(made).update(attributes)
    return made


@pytest.mark.parametrize("what", ["weight", "bias"])
@pytest.mark.parametrize(
    ("where", "names", "computes"),
    [
        ("torch.nn.utils.prune", "_tensor_name", "apply_mask"),
        ("torch.nn.utils.weight_norm", "name", "compute_weight"),
    ],
)
def test_a_computed_weight_is_what_the_next_pass_would_use(where, names, computes, what):
    part = linear(N, 3)
    fresh = Tensor(2 * getattr(part, what).array)
    vars(part)["_forward_pre_hooks"] = {8: hook(where, **{names: what, computes: lambda module: fresh})}
    net = from_torch(sequential(part))
    setattr(part, what, fresh)
    assert np.allclose(net(X), affine(part, X), rtol=1e-14)


def test_a_parametrized_module_is_read_in_evaluation_mode():
    part = linear(N, 3, parametrizations={"weight": "spectral"}, training=False)
    assert np.allclose(from_torch(part)(X), affine(part, X), rtol=1e-14)


# -- refusals ----------------------------------------------------------------------------------------------

TWICE = linear(N, N)
NORM = batch_norm(N)
TIED = linear(N, N)
vars(TIED)["parameters"] = lambda: [TWICE.weight]
ITSELF = sequential()
ITSELF._modules["0"] = ITSELF
UNKNOWN, LAYER, LOSS = "the module has no counterpart", errors.UnsupportedLayerError, "from_torch(loss=)"
DIFFERS = "has options that differ"


def subclass(kind, **replaced):
    return type("Own", (KINDS[kind],), {"__module__": "mine"} | replaced)


class Refusing:
    """Every attribute raises."""

    def __getattribute__(self, name):
        raise RuntimeError(name)


def after_linear(*modules, **attributes):
    return sequential(linear(N, 3), *modules, **attributes)


def tensors(weight, bias=None):
    return module("Linear", weight=weight, bias=bias)


BAD = {
    **{
        f"{type(thing).__name__}, {number}": (thing, LAYER, UNKNOWN)
        for number, thing in enumerate(
            [None, 3, "net", [linear(N, 3)], X, Refusing(), KINDS["Linear"], print]
        )
    },
    "a module without a counterpart": (after_linear(module("LogSigmoid")), LAYER, UNKNOWN),
    "a batch norm in training": (
        after_linear(batch_norm(3, training=True)),
        LAYER,
        f"BatchNorm1d {DIFFERS}.*expected evaluation mode, with running statistics",
    ),
    **{
        f"a batch norm without {name}": (
            after_linear(batch_norm(3, **{name: None})),
            LAYER,
            f"BatchNorm1d {DIFFERS}",
        )
        for name in ("running_mean", "running_var")
    },
    "a batch norm of nothing": (after_linear(module("BatchNorm1d")), LAYER, f"BatchNorm1d {DIFFERS}"),
    "a batch norm of images": (after_linear(module("BatchNorm2d")), LAYER, UNKNOWN),
    "a batch norm that takes other inputs": (
        module("", subclass("BatchNorm1d", _check_input_dim=print)),
        LAYER,
        UNKNOWN,
    ),
    "a batch norm twice": (sequential(NORM, NORM), LAYER, "a parameter of module '0' is used twice"),
    "a batch norm of another width": (
        after_linear(batch_norm(4)),
        errors.ShapeError,
        "from_torch: layer 2 .* named '1': the layer does not fit the one below",
    ),
    "means of another width": (
        batch_norm(3, running_mean=Tensor(np.ones(2))),
        errors.ShapeError,
        "from_torch: BatchNorm.from_statistics: there is a mean and a variance for each unit",
    ),
    "gains of another width": (
        batch_norm(3, weight=Tensor(np.ones(2))),
        errors.ShapeError,
        "parameter C1 keeps its shape",
    ),
    "a variance below 0": (
        batch_norm(3, running_var=Tensor(np.array([1.0, -1, 1]))),
        errors.ShapeError,
        "no variance below 0",
    ),
    "statistics of nan": (
        batch_norm(3, running_mean=Tensor(np.full(3, np.nan))),
        errors.NonFiniteError,
        "from_torch: BatchNorm.from_statistics: mean is not finite",
    ),
    "statistics of integers": (
        batch_norm(3, running_mean=Tensor(np.ones(3, int))),
        errors.DTypeError,
        "the running_mean does not hold floats",
    ),
    "a weight that is none": (
        batch_norm(3, weight="w"),
        errors.DTypeError,
        "the weight does not hold floats",
    ),
    "no eps": (batch_norm(3, eps=0), errors.OptionError, "epsilon keeps the variance away from zero"),
    "dropout of all": (
        after_linear(module("Dropout", training=False, p=1.0)),
        errors.OptionError,
        "from_torch, module '1': Dropout.*the rate is a share",
    ),
    "a wrapper": (type("DataParallel", (), {"module": TWICE})(), LAYER, r"Pass its \.module"),
    "a compiled one": (type("OptimizedModule", (), {"_orig_mod": TWICE})(), LAYER, r"Pass its \._orig_mod"),
    "None inside": (after_linear(None), LAYER, UNKNOWN),
    "its own forward": (module("Linear", forward=print, weight=TWICE.weight, bias=None), LAYER, UNKNOWN),
    "a forward of a subclass": (module("", subclass("Linear", forward=print)), LAYER, UNKNOWN),
    "a call of a subclass": (module("", subclass("Linear", __call__=print)), LAYER, UNKNOWN),
    "nothing": (sequential(), LAYER, "no module computes anything"),
    "modules that are no mapping": (module("Sequential", _modules=3), LAYER, "no module computes anything"),
    "dropout in training": (
        after_linear(module("Dropout", training=True, p=0.5)),
        LAYER,
        f"Dropout {DIFFERS}",
    ),
    "dropout of no mode": (after_linear(module("AlphaDropout")), LAYER, f"AlphaDropout {DIFFERS}"),
    "softmax over the cases": (after_linear(module("Softmax", dim=0)), LAYER, f"Softmax {DIFFERS}"),
    "softmax over an array": (after_linear(module("LogSoftmax", dim=X)), LAYER, f"LogSoftmax {DIFFERS}"),
    "a flat batch": (module("Flatten", start_dim=0, end_dim=-1), LAYER, f"Flatten {DIFFERS}"),
    "gelu by tanh": (after_linear(module("GELU", approximate="tanh")), LAYER, f"GELU {DIFFERS}"),
    "softplus of another beta": (
        after_linear(module("Softplus", beta=2, threshold=20)),
        LAYER,
        f"Softplus {DIFFERS}",
    ),
    "softplus linear too soon": (
        after_linear(module("Softplus", beta=1, threshold=3)),
        LAYER,
        f"Softplus {DIFFERS}",
    ),
    **{
        f"{name} of {value}": (
            after_linear(module(name, **{what: value})),
            errors.OptionError,
            f"module '1': activations.{ours}.*the parameter is out of range",
        )
        for name, what, ours in [("LeakyReLU", "negative_slope", "leaky_relu"), ("ELU", "alpha", "elu")]
        for value in (0.0, -0.5, "x")
    },
    "the same Linear twice": (sequential(TWICE, TWICE), LAYER, "a parameter of module '0' is used twice"),
    "tied weights": (sequential(TWICE, TIED), LAYER, "a parameter of module '0' is used twice"),
    "a Sequential in itself": (ITSELF, LAYER, "the Sequential is used twice"),
    **{
        f"a {kind} on {what}": (
            made({f"_forward_{kind}": {1: print}}),
            LAYER,
            "a forward hook may change what the module computes",
        )
        for kind in ("hooks", "pre_hooks")
        for what, made in [
            ("a Linear", lambda hooks: linear(N, 3, **hooks)),
            ("a Sequential", lambda hooks: after_linear(**hooks)),
            ("an activation", lambda hooks: after_linear(module("Tanh", **hooks))),
        ]
    },
    "pruning of something else": (
        linear(N, 3, _forward_pre_hooks={1: hook("torch.nn.utils.prune", _tensor_name="weight_v")}),
        LAYER,
        "a forward hook may change what the module computes",
    ),
    "pruning without its mask": (
        linear(N, 3, _forward_pre_hooks={1: hook("torch.nn.utils.prune", _tensor_name="weight")}),
        LAYER,
        "a forward hook may change what the module computes",
    ),
    "a bias that cannot be read": (
        module("", subclass("Linear", bias=property(lambda self: 1 / 0)), weight=TWICE.weight),
        errors.DTypeError,
        "the bias does not hold floats",
    ),
    "a parametrized module in training": (
        linear(N, 3, parametrizations={"weight": 0}, training=True),
        LAYER,
        "a parametrized module in training mode may change when its weight is read",
    ),
    "integers": (
        tensors(Tensor(np.ones((3, N), int))),
        errors.DTypeError,
        "the weight does not hold floats that numpy knows; got dtype.'int64'. on 'cpu'",
    ),
    "complex": (
        tensors(Tensor(np.ones((3, N), complex))),
        errors.DTypeError,
        "the weight does not hold floats",
    ),
    "no data": (
        tensors(Tensor(np.ones((3, N)), "meta")),
        errors.DTypeError,
        "the weight does not hold floats.*on 'meta'",
    ),
    "no weight": (tensors(None), errors.DTypeError, "the weight does not hold floats"),
    "no tensor": (tensors(Tensor(X), "b"), errors.DTypeError, "the bias does not hold floats"),
    "a number": (tensors(Tensor(np.float64(3))), errors.ShapeError, "W must be a matrix"),
    "a vector": (tensors(Tensor(np.ones(N))), errors.ShapeError, "W must be a matrix"),
    "a bias of another width": (
        tensors(Tensor(np.ones((3, N))), Tensor(np.ones(N))),
        errors.ShapeError,
        "b does not fit W",
    ),
    "nan": (
        sequential(tensors(Tensor(np.full((3, N), np.nan)))),
        errors.NonFiniteError,
        "from_torch, module '0': Dense.from_arrays: W is not finite",
    ),
    "widths": (
        after_linear(linear(4, 2)),
        errors.ShapeError,
        "from_torch: layer 2 .* named '1': the layer does not fit the one below",
    ),
}


@pytest.mark.parametrize(("root", "kind", "sentence"), BAD.values(), ids=BAD)
def test_a_module_is_refused(root, kind, sentence):
    with pytest.raises(kind, match=sentence) as caught:
        from_torch(root)
    assert caught.value.where.startswith("from_torch")
    assert caught.value.remedy.endswith(".")


THREE = after_linear()
BAD_LOSSES = {
    **{
        f"{type(thing).__name__}, {number}": (
            THREE,
            thing,
            errors.OptionError,
            "the loss has no counterpart",
        )
        for number, thing in enumerate(["mse", 3, jp.SquaredError, KINDS["MSELoss"], print, Refusing(), X])
    },
    "another loss of torch": (THREE, loss("L1Loss"), errors.OptionError, "the loss has no counterpart"),
    "class weights": (
        THREE,
        loss("CrossEntropyLoss", weight=Tensor(np.ones(3))),
        LAYER,
        "weight has no counterpart",
    ),
    "weights of the positive": (
        THREE,
        loss("BCEWithLogitsLoss", pos_weight=Tensor(np.ones(3))),
        LAYER,
        "pos_weight has no counterpart",
    ),
    "an ignored class": (THREE, loss("NLLLoss", ignore_index=2), LAYER, "ignore_index has no counterpart"),
    "smoothing": (
        THREE,
        loss("CrossEntropyLoss", label_smoothing=0.1),
        LAYER,
        "label_smoothing has no counterpart",
    ),
    "no reduction": (
        THREE,
        loss("MSELoss", reduction="none"),
        LAYER,
        "the reduction has no counterpart; got MSELoss.reduction='none'. of 3 outputs, expected 'mean'. Each",
    ),
    "a list of reductions": (
        THREE,
        loss("NLLLoss", reduction=["mean"]),
        LAYER,
        "the reduction has no counterpart",
    ),
    "a sum of squares": (THREE, loss("MSELoss", reduction="sum"), LAYER, "Take jp.SquaredError.reduction"),
    "a mean over outputs": (
        after_linear(module("Sigmoid")),
        loss("BCELoss"),
        LAYER,
        "expected 'sum'. Take reduction=\"sum\"",
    ),
    "a mean over logits": (THREE, loss("BCEWithLogitsLoss"), LAYER, "the reduction has no counterpart"),
    "logits behind a sigmoid": (
        after_linear(module("Sigmoid")),
        loss("BCEWithLogitsLoss", reduction="sum"),
        LAYER,
        "BCEWithLogitsLoss applies a sigmoid to the sums of the last Linear",
    ),
    "logits of nothing": (
        sequential(),
        loss("BCEWithLogitsLoss", reduction="sum"),
        LAYER,
        "BCEWithLogitsLoss applies a sigmoid to the sums of the last Linear",
    ),
    "probabilities that are none": (
        THREE,
        loss("BCELoss", reduction="sum"),
        LAYER,
        "BinaryCrossEntropy needs sigmoid",
    ),
    "no log-probabilities": (THREE, loss("NLLLoss"), LAYER, "NegativeLogLikelihood needs log_softmax"),
    "a number for a weight": (
        tensors(Tensor(np.float64(3))),
        loss("MSELoss"),
        errors.ShapeError,
        "W must be",
    ),
    "our own without its gate": (THREE, jp.CrossEntropy(), LAYER, "CrossEntropy needs softmax"),
}


@pytest.mark.parametrize(("root", "given", "kind", "sentence"), BAD_LOSSES.values(), ids=BAD_LOSSES)
def test_a_loss_is_refused(root, given, kind, sentence):
    with pytest.raises(kind, match=sentence) as caught:
        from_torch(root, given)
    assert caught.value.where.startswith("from_torch")
    assert caught.value.remedy.endswith(".")
