"""Torch itself: outputs, gradients by every parameter under every loss, and weights that are computed."""

import copy

import numpy as np
import pytest

import jacobprop as jp
from jacobprop import errors
from jacobprop.interop import from_torch

torch = pytest.importorskip("torch")
nn = torch.nn

CASES, N = 7, 5
X = np.random.default_rng(608).normal(size=(CASES, N))
LABELS = np.array([2, 0, 1, 2, 1, 0, 2])

ACTIVATIONS = {
    "Sigmoid": nn.Sigmoid,
    "Tanh": nn.Tanh,
    "ReLU": nn.ReLU,
    "ReLU in place": lambda: nn.ReLU(inplace=True),
    "SiLU": nn.SiLU,
    "GELU": nn.GELU,
    "Softplus": nn.Softplus,
    "Softsign": nn.Softsign,
    "LeakyReLU": lambda: nn.LeakyReLU(0.3),
    "ELU": lambda: nn.ELU(1.7),
    "Identity": nn.Identity,
}


def built(*top, outputs=3, activation=nn.Tanh, dtype=torch.float64):
    """5-4-4-outputs, the square weight in the middle to be transposed by mistake."""
    torch.manual_seed(5)
    body = [nn.Linear(N, 4), activation(), nn.Linear(4, 4, bias=False), activation(), nn.Linear(4, outputs)]
    return nn.Sequential(*body, *top).to(dtype)


def asked(sequential, X=X):
    with torch.no_grad():
        return sequential(torch.tensor(X)).numpy()


def torch_gradients(sequential, loss, T):
    """The loss, and {name: gradient} with torch's names."""
    sequential.zero_grad()
    value = loss(sequential(torch.tensor(X)), torch.tensor(T))
    value.backward()
    return value.item(), {name: p.grad.numpy() for name, p in sequential.named_parameters()}


def our_gradients(net, T):
    """The same of ours, transposed back and under torch's names."""
    record = net.forward(X, T)
    found = {}
    for name, array in record.gradients().items():
        path = net.layers[int(name[1:]) - 1].name
        found[f"{path}.weight" if name[0] in "WC" else f"{path}.bias"] = array.T
    return record.loss, found


def differences(net, sequential, loss, T):
    """The largest relative error of the loss and of each gradient."""
    (ours, own), (theirs, others) = our_gradients(net, T), torch_gradients(sequential, loss, T)
    assert own.keys() == others.keys()
    scale = {name: abs(array).max() for name, array in others.items()}
    errors = {name: abs(own[name] - others[name]).max() / scale[name] for name in own}
    return errors | {"L": abs(ours - theirs) / abs(theirs)}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_outputs_and_gradients(name):
    sequential = built(activation=ACTIVATIONS[name])
    net = from_torch(sequential, nn.MSELoss())
    T = np.random.default_rng(1).normal(size=(CASES, 3))
    assert np.allclose(net(X), asked(sequential), rtol=1e-12, atol=1e-14)
    assert np.allclose(net(X[0]), asked(sequential, X[0]), rtol=1e-12, atol=1e-14)
    assert max(differences(net, sequential, nn.MSELoss(), T).values()) < 1e-12


LOSSES = {
    "MSELoss": (nn.MSELoss(), 3, [], "numbers"),
    "MSELoss, one output, sum": (nn.MSELoss(reduction="sum"), 1, [], "numbers"),
    "CrossEntropyLoss": (nn.CrossEntropyLoss(), 3, [], "labels"),
    "CrossEntropyLoss, sum": (nn.CrossEntropyLoss(reduction="sum"), 3, [], "labels"),
    "CrossEntropyLoss, soft": (nn.CrossEntropyLoss(), 3, [], "shares"),
    "CrossEntropyLoss on Softmax": (nn.CrossEntropyLoss(), 3, [nn.Softmax(dim=1)], "labels"),
    "CrossEntropyLoss on LogSoftmax": (nn.CrossEntropyLoss(), 3, [nn.LogSoftmax(dim=-1)], "labels"),
    "NLLLoss": (nn.NLLLoss(), 3, [nn.LogSoftmax(dim=1)], "labels"),
    "NLLLoss, sum": (nn.NLLLoss(reduction="sum"), 3, [nn.LogSoftmax(dim=1)], "labels"),
    "BCELoss": (nn.BCELoss(), 1, [nn.Sigmoid()], "shares"),
    "BCELoss, sum": (nn.BCELoss(reduction="sum"), 3, [nn.Sigmoid()], "shares"),
    "BCEWithLogitsLoss": (nn.BCEWithLogitsLoss(), 1, [], "shares"),
    "BCEWithLogitsLoss, sum": (nn.BCEWithLogitsLoss(reduction="sum"), 3, [], "shares"),
}


def target(kind, outputs):
    if kind == "labels":
        return LABELS
    rng = np.random.default_rng(2)
    return rng.normal(size=(CASES, outputs)) if kind == "numbers" else rng.uniform(size=(CASES, outputs))


@pytest.mark.parametrize("name", LOSSES)
def test_gradients_by_every_parameter_under_every_loss(name):
    loss, outputs, top, kind = LOSSES[name]
    sequential = built(*top, outputs=outputs)
    net = from_torch(sequential, loss)
    T = target(kind, outputs)
    assert max(differences(net, sequential, loss, T).values()) < 1e-12
    wrong = net.with_parameters({"W2": net.parameters["W2"].T})
    assert min(differences(wrong, sequential, loss, T).values()) > 1e-3  # a weight as torch has it


def test_the_remedies_for_losses_that_differ():
    T, hot = target("numbers", 3), np.eye(3)[LABELS]
    sequential = built()
    own = from_torch(sequential, jp.SquaredError(reduction="sum"))
    assert np.isclose(2 * own.forward(X, T).loss, nn.MSELoss(reduction="sum")(*pair(sequential, T)).item())
    net = from_torch(sequential, nn.CrossEntropyLoss())
    smooth = nn.CrossEntropyLoss(label_smoothing=0.2)
    assert max(differences_of_targets(net, 0.8 * hot + 0.2 / 3, sequential, smooth)) < 1e-12
    weights = np.array([0.5, 2.0, 3.0])
    summed = from_torch(sequential, nn.CrossEntropyLoss(reduction="sum"))
    weighted = nn.CrossEntropyLoss(weight=torch.tensor(weights), reduction="sum")
    assert max(differences_of_targets(summed, weights * hot, sequential, weighted)) < 1e-12
    binary = built(nn.Sigmoid())
    mean = from_torch(binary, jp.BinaryCrossEntropy())
    shares = target("shares", 3)
    assert np.isclose(mean.forward(X, shares).loss / 3, nn.BCELoss()(*pair(binary, shares)).item())
    kept = LABELS != 1
    ignoring = nn.CrossEntropyLoss(ignore_index=1)(*pair(sequential, LABELS)).item()
    assert np.isclose(net.forward(X[kept], LABELS[kept]).loss, ignoring)


def pair(sequential, T):
    return sequential(torch.tensor(X)), torch.tensor(T)


def differences_of_targets(net, T, sequential, loss):
    """Where ours has other targets than torch."""
    value, theirs = torch_gradients(sequential, loss, LABELS)
    ours, own = our_gradients(net, T)
    return [abs(ours - value), *(abs(own[name] - theirs[name]).max() for name in theirs)]


@pytest.mark.parametrize(("dtype", "ours"), [(torch.float32, np.float32), (torch.float16, np.float16)])
def test_the_dtype_stays(dtype, ours):
    sequential = built(dtype=dtype)
    net = from_torch(sequential)
    assert net.dtype == ours
    assert np.allclose(net(X.astype(ours)), asked(sequential, X.astype(ours)), atol=50 * np.finfo(ours).eps)


def test_softplus_is_exact_where_torchs_is_linear():
    line = nn.Sequential(nn.Linear(1, 1), nn.Softplus()).double()
    with torch.no_grad():
        line[0].weight.fill_(1.0)
        line[0].bias.fill_(0.0)
    z = np.linspace(19, 22, 3001)[:, None]
    difference = abs(from_torch(line)(z) - asked(line, z)).max()
    assert 1e-9 < difference < 2.1e-9
    single = copy.deepcopy(line).float()
    z = z.astype(np.float32)
    assert np.all(abs(from_torch(single)(z) - asked(single, z)) <= np.spacing(z))


def test_nested_modules_frozen_weights_and_dropout():
    class Own(nn.Sequential):
        """Without a forward pass of its own."""

    sequential = nn.Sequential(
        nn.Flatten(), Own(built(), nn.Dropout()), nn.ReLU(), nn.Sequential(), nn.Linear(3, 2).double()
    ).eval()
    sequential[1][0][0].requires_grad_(False)
    assert np.allclose(from_torch(sequential)(X), asked(sequential), rtol=1e-12)
    with pytest.raises(errors.UnsupportedLayerError, match="Dropout has options that differ"):
        from_torch(sequential.train())


# -- weights that are computed -----------------------------------------------------------------------------


def moved(sequential):
    """Parameters as after an optimiser's step, so that what was computed before lags behind."""
    with torch.no_grad():
        for parameter in sequential.parameters():
            parameter.add_(0.25)
    return sequential


def pruned(sequential):
    prune = pytest.importorskip("torch.nn.utils.prune")
    prune.l1_unstructured(sequential[0], "weight", 6)
    prune.random_unstructured(sequential[0], "weight", 3)
    prune.l1_unstructured(sequential[0], "bias", 2)


def normed(sequential):
    nn.utils.parametrizations.weight_norm(sequential[2])


def normed_by_a_hook(sequential):
    nn.utils.weight_norm(sequential[2])


def spectral(sequential):
    nn.utils.parametrizations.spectral_norm(sequential[4])


def orthogonal(sequential):
    nn.utils.parametrizations.orthogonal(sequential[2])


@pytest.mark.filterwarnings("ignore:.*weight_norm.*:FutureWarning")
@pytest.mark.parametrize("change", [pruned, normed, normed_by_a_hook, spectral, orthogonal])
def test_a_computed_weight_is_what_the_next_pass_uses(change):
    sequential = built().eval()
    before = asked(sequential)
    change(sequential)
    moved(sequential)
    state = copy.deepcopy(sequential.state_dict())
    ours = from_torch(sequential)(X)
    assert all(torch.equal(value, sequential.state_dict()[key]) for key, value in state.items())
    assert np.allclose(ours, asked(sequential), rtol=1e-12)
    assert not np.allclose(ours, before, atol=1e-3)


def test_reading_never_moves_a_parametrization():
    sequential = built()
    spectral(sequential)
    state = copy.deepcopy(sequential.state_dict())
    with pytest.raises(errors.UnsupportedLayerError, match="a parametrized module in training mode"):
        from_torch(sequential.train())
    assert all(torch.equal(value, sequential.state_dict()[key]) for key, value in state.items())


# -- refusals ----------------------------------------------------------------------------------------------


class Doubled(nn.Linear):
    def __call__(self, x):
        return 2 * super().__call__(x)


class Convolved(nn.Module):
    def forward(self, x):
        return x


def hooked():
    sequential = built()
    sequential[1].register_forward_hook(lambda module, given, output: 2 * output)
    return sequential


def tied():
    sequential = built()
    sequential[4].bias = sequential[0].bias
    return sequential


REFUSED = {
    "a lazy module": (lambda: nn.LazyLinear(3), "a lazy module loses its own in one forward pass"),
    "bfloat16": (lambda: built(dtype=torch.bfloat16), "got torch.bfloat16 on device.type='cpu'"),
    "complex": (lambda: built(dtype=torch.complex64), "got torch.complex64 on device"),
    "meta": (lambda: nn.Linear(3, 2, device="meta"), "got torch.float32 on device.type='meta'"),
    "a hook": (hooked, "module '1': a forward hook may change"),
    "tied": (tied, "module '4': a parameter of module '0' is used twice"),
    "its own call": (lambda: Doubled(3, 2), "the module has no counterpart"),
    "its own module": (Convolved, "the module has no counterpart"),
    "a bilinear form": (lambda: nn.Bilinear(3, 2, 4), "got torch.nn.modules.linear.Bilinear"),
    "a list of modules": (lambda: nn.ModuleList([nn.Linear(3, 2)]), "the module has no counterpart"),
    "batch norm in training": (lambda: built(nn.BatchNorm1d(3)), "module '5': BatchNorm1d has options"),
    "batch norm by the batch": (
        lambda: built(nn.BatchNorm1d(3, track_running_stats=False)).eval(),
        "module '5': BatchNorm1d has options that differ.*track_running_stats=False takes every batch's own",
    ),
    "batch norm of images": (lambda: nn.BatchNorm2d(3).eval(), "the module has no counterpart"),
    "a lazy batch norm": (lambda: nn.LazyBatchNorm1d().eval(), "a lazy module loses its own"),
    "a synchronised batch norm": (lambda: nn.SyncBatchNorm(3).eval(), "the module has no counterpart"),
    "a wrapper": (lambda: nn.DataParallel(built()), r"Pass its \.module"),
    "a class": (lambda: nn.Linear, "the module has no counterpart"),
    "a tensor": (lambda: torch.ones(3, 2), "the module has no counterpart"),
}


@pytest.mark.filterwarnings("ignore:Complex modules:UserWarning")
@pytest.mark.parametrize("name", REFUSED)
def test_a_module_is_refused(name):
    make, sentence = REFUSED[name]
    with pytest.raises(errors.JacobpropError, match=sentence):
        from_torch(make())


def levelled(affine=True, dtype=torch.float64):
    """Linear, BatchNorm1d, ReLU, twice, with running averages that have seen X and weights of their own."""
    torch.manual_seed(6)
    sequential = nn.Sequential(
        *(nn.Linear(N, 4), nn.BatchNorm1d(4, eps=0.1, affine=affine), nn.ReLU(), nn.Dropout(0.3)),
        *(nn.Linear(4, 3), nn.BatchNorm1d(3, momentum=None, affine=affine)),
    ).double()
    with torch.no_grad():
        for part in sequential[1::4]:
            for parameter in part.parameters():
                parameter.uniform_(0.5, 2)
    for seed in (1, 2):
        sequential(torch.tensor(X + seed))
    return sequential.to(dtype)


@pytest.mark.parametrize("affine", [True, False])
def test_batch_norm_in_evaluation_mode(affine):
    sequential = levelled(affine).eval()
    net = from_torch(sequential, nn.CrossEntropyLoss())
    assert np.allclose(net.forward(X).sum(len(net.layers)), asked(sequential), rtol=1e-12, atol=1e-14)
    kinds = ["Dense", "BatchNorm", "Elementwise", "Dropout", "Dense", "BatchNorm", "Softmax"]
    assert [type(layer).__name__ for layer in net.layers] == kinds
    value, theirs = torch_gradients(sequential, nn.CrossEntropyLoss(), LABELS)
    ours, own = our_gradients(net, LABELS)
    assert abs(ours - value) < 1e-12 * value
    assert set(own) - set(theirs) == (
        set() if affine else {f"{k}.{w}" for k in "15" for w in ("weight", "bias")}
    )
    assert max(abs(own[name] - theirs[name]).max() / abs(theirs[name]).max() for name in theirs) < 1e-12


def test_batch_norm_in_training_is_that_of_the_network_in_training():
    """Without dropout nothing is drawn; the biases below have gradients of rounding alone: norm_rows."""
    sequential = levelled().eval()
    sequential[3].p = 0.0
    in_use = from_torch(sequential, nn.CrossEntropyLoss())
    value, theirs = torch_gradients(sequential.train(), nn.CrossEntropyLoss(), LABELS)
    for net, same in ((in_use.in_training(), True), (in_use, False)):
        ours, own = our_gradients(net, LABELS)
        assert own.keys() == theirs.keys()
        assert all(np.allclose(own[name], theirs[name], rtol=1e-11, atol=1e-14) for name in own) == same
        assert np.isclose(ours, value, rtol=1e-12) == same
    assert max(abs(theirs[name]).max() for name in ("0.bias", "4.bias")) < 1e-15


def test_a_sigmoid_in_the_loss_after_batch_norm_or_dropout():
    for top in (nn.BatchNorm1d(1), nn.Dropout(0.4)):
        sequential = built(top, outputs=1)
        sequential(torch.tensor(X))
        sequential.eval()
        net = from_torch(sequential, nn.BCEWithLogitsLoss())
        T = target("shares", 1)
        assert np.allclose(net.forward(X).sum(len(net.layers)), asked(sequential), rtol=1e-12)
        assert max(differences(net, sequential, nn.BCEWithLogitsLoss(), T).values()) < 1e-12


def test_single_precision_statistics_stay_single():
    sequential = levelled(dtype=torch.float32).eval()
    net = from_torch(sequential)
    assert net.dtype == net.layers[1].mean.dtype == np.float32
    x = X.astype(np.float32)
    assert np.allclose(net(x), asked(sequential, x), atol=50 * np.finfo(np.float32).eps)
