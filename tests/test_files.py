"""Saving and loading: every bit comes back, and a hostile file is refused before it costs anything.

`python -m tests.test_files 100000` damages that many files instead of the few of a test run.
"""

import contextlib
import io
import itertools
import json
import os
import pickle
import random
import struct
import sys
import tempfile
import tracemalloc
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
import sympy

import jacobprop as jp
from jacobprop import activations, files
from jacobprop.errors import DTypeError, FileFormatError, JacobpropError, OptionError, UnsupportedLayerError
from jacobprop.files import archive as archive_module
from jacobprop.files import description, layer_kinds, paths, saving

X = np.array([[0.5, -1.0, 0.25], [1.5, 0.0, -0.75]])
T = np.array([0, 1])


def small(**options):
    layers = [jp.Dense(3, 4, "relu"), jp.Dense(4, 2, "tanh", bias=False), jp.Softmax()]
    return jp.Network(layers, jp.CrossEntropy(), seed=3, **options)


def one_layer(activation, **options):
    return jp.Network([jp.Dense(3, 2, activation, **options)], jp.SquaredError(), seed=1)


def again(net, tmp_path):
    return jp.load(jp.save(net, tmp_path / "net.npz"))


def assert_same_bits(left, right):
    assert left.dtype == right.dtype
    assert left.shape == right.shape
    assert left.flags.f_contiguous == right.flags.f_contiguous
    assert left.tobytes() == right.tobytes()


def assert_same(first, second):
    assert repr(first) == repr(second)
    assert [vars_of(layer) for layer in first.layers] == [vars_of(layer) for layer in second.layers]
    assert first.dtype == second.dtype
    assert list(first.parameters) == list(second.parameters)
    for name, array in first.parameters.items():
        assert_same_bits(array, second.parameters[name])
    assert first.architecture.names.letters == second.architecture.names.letters
    assert type(first.loss) is type(second.loss)
    assert first.loss is None or first.loss.reduction == second.loss.reduction


def vars_of(layer):
    found = {"type": type(layer), "name": layer.name, "inputs": layer.inputs}
    if isinstance(layer, jp.Dense):
        init = layer._init if isinstance(layer._init, str) else None
        found |= {"activation": layer.activation, "bias": layer.bias, "init": init}
    return found


# -- round trips -------------------------------------------------------------------------------------------


NETWORKS = {
    "small": small,
    "letters": lambda: small(names=["Eingabe", "é", "日本", "S"], weights="V W"),
    "names alone": lambda: small(names="X Y Z S"),
    "weights alone": lambda: small(weights="V W"),
    "float16": lambda: small(dtype="float16"),
    "float32": lambda: small(dtype=np.float32),
    "from arrays": lambda: jp.Network([jp.Dense.from_arrays(np.ones((3, 2), np.float32), [0, 1], "tanh")]),
    "big-endian": lambda: jp.Network([jp.Dense.from_arrays(np.arange(6, dtype=">f4").reshape(3, 2))]),
    "column order": lambda: small().with_parameters({"W1": np.asfortranarray(np.arange(12.0).reshape(3, 4))}),
    "strides": lambda: small().with_parameters({"W1": np.arange(96.0).reshape(6, 16)[::-2, ::4]}),
    "no loss": lambda: jp.Network([jp.Dense(2, 1, "softplus", init="unit", name="Fuß\n")]),
    "sum": lambda: jp.Network([jp.Dense(2, 1, "sigmoid")], jp.BinaryCrossEntropy(reduction="sum")),
    "mean squared": lambda: jp.Network([jp.Dense(2, 3)], jp.MeanSquaredError()),
    "no parameters": lambda: jp.Network([jp.Softmax()], jp.CrossEntropy()),
    "a named softmax": lambda: jp.Network([named(jp.Softmax(), "top")]),
    "a kink": lambda: one_layer(activations.get("relu", at_kink="middle")),
    "a kink's value": lambda: one_layer(activations.get("relu", at_kink=0.1)),
    "expression": lambda: one_layer(jp.Activation.from_expression("z*exp(-z**2)")),
    "named expression": lambda: one_layer(
        jp.Activation.from_expression("max(z, z/100)", name="leaky", at_kink=-0.0)
    ),
    "log-softmax": lambda: jp.Network([jp.Dense(3, 2), jp.LogSoftmax()], jp.NegativeLogLikelihood()),
    "slope": lambda: one_layer(activations.leaky_relu(0.3)),
    "slope and kink": lambda: one_layer(activations.leaky_relu(0.1 + 0.2).with_kink("right")),
    "alpha": lambda: one_layer(activations.elu(5e-324)),
    "fifty layers": lambda: jp.Network([jp.Dense(1 + k % 3, 1 + (k + 1) % 3) for k in range(50)]),
}


def named(layer, name):
    layer.name = name
    return layer


@pytest.mark.parametrize("make", NETWORKS.values(), ids=NETWORKS)
def test_a_network_comes_back_bit_for_bit(tmp_path, make):
    net = make()
    found = again(net, tmp_path)
    assert_same(net, found)
    x = np.random.default_rng(0).normal(size=(7, net.n_in or 4)).astype(net.dtype)
    assert_same_bits(net(x), found(x))
    assert_same_bits(net(x[0]), found(x[0]))
    assert Path(jp.save(found, tmp_path / "twice.npz")).read_bytes() == (tmp_path / "net.npz").read_bytes()


@pytest.mark.parametrize("name", activations.NAMES)
def test_every_activation_with_a_name_comes_back(tmp_path, name):
    net = one_layer(name)
    assert again(net, tmp_path).layers[0].activation == net.layers[0].activation


def concrete(base):
    return {
        kind
        for kind in itertools.chain(
            base.__subclasses__(), *(k.__subclasses__() for k in base.__subclasses__())
        )
        if kind.__module__.startswith("jacobprop.") and not kind.__abstractmethods__
    }


def test_every_layer_and_loss_of_the_library_has_a_place_in_the_format():
    kept = {entry.kind for entry in layer_kinds.KINDS.values()}
    assert concrete(jp.Layer) == kept | set(layer_kinds.IN_TRAINING)
    assert concrete(jp.Loss) == set(description.LOSSES.values())


def test_special_numbers_come_back(tmp_path):
    for dtype in (np.float16, np.float32, np.float64):
        info = np.finfo(dtype)
        W = np.array([[-0.0, info.smallest_subnormal], [info.max, -info.tiny]], dtype)
        net = jp.Network([jp.Dense.from_arrays(W)])
        assert_same_bits(again(net, tmp_path).parameters["W1"], W)


def test_a_loaded_layer_starts_again_as_the_saved_one_would(tmp_path):
    net = small().with_parameters({"W1": np.zeros((3, 4))})
    fresh = jp.Network(again(net, tmp_path).layers, seed=3)
    assert_same_bits(fresh.parameters["W1"], small().parameters["W1"])


def test_the_gradient_comes_back_bit_for_bit(tmp_path):
    net = small(dtype="float32")
    expected, found = net.forward(X, T).gradients(), again(net, tmp_path).forward(X, T).gradients()
    for name in expected:
        assert_same_bits(expected[name], found[name])


def test_the_file_is_plain(tmp_path):
    """numpy alone reads it, without a pickle, and the description is text."""
    net = small(names="X Y Z S")
    with np.load(jp.save(net, tmp_path / "net", X=X, T=T), allow_pickle=False) as found:
        assert found.files == ["network.json", "W1", "b1", "W2", "X", "T"]
        assert_same_bits(found["W2"], net.parameters["W2"])
        np.testing.assert_array_equal(found["T"], T)
        told = json.loads(found["network.json"])
    assert told["layers"][1]["activation"] == {
        "name": "tanh",
        "parameter": None,
        "expression": None,
        "at_kink": "left",
    }
    assert (told["format"], told["version"], told["names"]) == ("jacobprop network", 1, ["X", "Y", "Z", "S"])


def test_equal_networks_make_equal_bytes(tmp_path):
    one, two = (Path(jp.save(small(), tmp_path / name, X=X)) for name in ("one", "two.npz"))
    assert one.read_bytes() == two.read_bytes()
    assert one.name == "one"  # nothing is appended
    with zipfile.ZipFile(one) as found:
        assert {(info.date_time, info.create_system) for info in found.infolist()} == {
            ((1980, 1, 1, 0, 0, 0), 3)
        }


def test_cases_are_kept_beside_the_network(tmp_path):
    path = tmp_path / "net.npz"
    for dtype in (np.float64, np.float16, ">f4", np.int8, np.uint32):
        x = np.asfortranarray(X.round().astype(dtype)) if dtype != np.uint32 else np.eye(3, dtype=dtype)[:2]
        jp.save(small(), path, X=x, T=T.tolist())
        found = files.load_cases(path)
        np.testing.assert_array_equal(found.X, x)
        assert found.X.dtype == np.dtype(dtype).newbyteorder("=")
        assert found.T.tolist() == [0, 1]
        assert_same(jp.load(path), small())
    jp.save(small(), path, X=X)
    assert files.load_cases(path).T is None
    jp.save(small(), path, X=X[0], T=1)
    assert files.load_cases(path).T == 1
    jp.save(small(), path)
    assert files.load_cases(path) is None
    assert jp.files.load_cases is files.load_cases
    assert set(files.__all__) == {"Cases", "load", "load_cases", "read_arrays", "save"}
    for name in files.__all__:
        assert getattr(files, name).__doc__
    assert "load_cases" in files.__doc__


def test_any_kind_of_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert jp.save(small(), "net.npz") == tmp_path.resolve() / "net.npz"
    for path in ("net.npz", tmp_path / "net.npz", os.path.join(".", "net.npz")):
        assert_same(jp.load(path), small())
    odd = tmp_path / "net {} é 日本.zip"
    assert_same(jp.load(jp.save(small(), odd)), small())


# -- what cannot be saved ----------------------------------------------------------------------------------


class Doubled(jp.Dense):
    """A subclass is code."""


class Softmax(jp.Softmax):
    """So is one with a name that the format has."""


class Cubic(jp.Loss):
    def value(self, y, t):
        return abs(y - t).sum(axis=-1) ** 3

    def row(self, y, t):
        return 3 * abs(y - t) ** 2


class SquaredError(jp.SquaredError):
    """And a loss with a name that the format has."""


class Network(jp.Network):
    """A network of another class would come back as a plain one."""


CUBE = jp.Activation("cube", lambda z: z**3, (lambda z: 3 * z**2,))
FALSE_SIGMOID = jp.Activation("sigmoid", lambda z: z**3, (lambda z: 3 * z**2,))
FALSE_TEXT = jp.Activation(
    "z**2",
    CUBE.function,
    CUBE.derivatives,
    jp.Activation.from_expression("z*exp(-z**2)").expression_builder,
)
Z = sympy.Symbol("z", real=True)
SYMBOLIC = np.array([[Z, 1], [2, 3]], dtype=object)

UNSAVED = {
    "subclass": (jp.Network([Doubled(2, 2)]), UnsupportedLayerError, r"layer 1 Doubled.*a layer of your own"),
    "namesake": (jp.Network([Softmax()]), UnsupportedLayerError, "expected layers of Dense, "),
    "loss": (
        jp.Network([jp.Dense(2, 2)], Cubic()),
        UnsupportedLayerError,
        "Cubic.*a loss of your own.*savez",
    ),
    "a loss's namesake": (
        jp.Network([jp.Dense(2, 2)], SquaredError()),
        UnsupportedLayerError,
        "a loss of your own",
    ),
    "function": (one_layer(CUBE), UnsupportedLayerError, "made of functions.*got Activation.'cube'"),
    "a false name": (one_layer(FALSE_SIGMOID), UnsupportedLayerError, "made of functions"),
    "a false text": (one_layer(FALSE_TEXT), UnsupportedLayerError, "made of functions"),
    "symbols": (
        jp.Network([jp.Dense.from_arrays(SYMBOLIC)]),
        DTypeError,
        "sympy expressions cannot be saved",
    ),
    "network": (Network([jp.Dense(2, 2)]), OptionError, "only a jp.Network can be saved"),
    "the path first": ("net.npz", OptionError, "got str. The network comes first"),
}


@pytest.mark.parametrize(("net", "error", "message"), UNSAVED.values(), ids=UNSAVED)
def test_what_is_code_is_not_saved(tmp_path, net, error, message):
    with pytest.raises(error, match=message):
        jp.save(net, tmp_path / "net.npz")
    assert list(tmp_path.iterdir()) == []


WRONG_CASES = {
    "T alone": ({"T": T}, OptionError, "there is a T without an X"),
    "width": ({"X": X[:, :2], "T": T}, JacobpropError, "wrong width"),
    "labels": ({"X": X, "T": [0, 7]}, JacobpropError, "out of range"),
    "symbols": ({"X": np.array([[Z, 1, 2]], dtype=object)}, DTypeError, "X holds no plain numbers"),
    "masked": ({"X": np.ma.masked_array(X, X > 1)}, DTypeError, "masked"),
}


@pytest.mark.parametrize(("cases", "error", "message"), WRONG_CASES.values(), ids=WRONG_CASES)
def test_cases_that_the_network_does_not_take_are_not_saved(tmp_path, cases, error, message):
    with pytest.raises(error, match=message):
        jp.save(small(), tmp_path / "net.npz", **cases)
    assert list(tmp_path.iterdir()) == []


def test_what_could_not_be_read_is_not_written(tmp_path, monkeypatch):
    monkeypatch.setattr(saving, "MOST_BYTES_OF_ALL", 159)
    with pytest.raises(FileFormatError, match=r"too large for one file; got 3 arrays of 192 bytes.*astype"):
        jp.save(small(), tmp_path / "net.npz")
    net = small()
    net.layers[0].name = 5
    with pytest.raises(FileFormatError, match="layer 1: name has the wrong type; got 5, expected str"):
        jp.save(net, tmp_path / "net.npz")
    assert list(tmp_path.iterdir()) == []


# -- paths -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", [0, None, "", b"net.npz", io.BytesIO()], ids=lambda path: type(path).__name__
)
def test_only_paths_are_paths(path):
    for call in (jp.load, files.load_cases, files.read_arrays, lambda path: jp.save(small(), path)):
        with pytest.raises(
            OptionError, match=r"must be a str or a pathlib.Path.*Open files are not supported"
        ):
            call(path)


@pytest.mark.parametrize("path", ["a\0b", "\ud800"], ids=ascii)
def test_characters_that_no_path_has(path):
    for call in (jp.load, lambda path: jp.save(small(), path)):
        with pytest.raises(OptionError, match="a character that no file name has"):
            call(path)


def test_max_bytes_is_a_number(tmp_path):
    with pytest.raises(OptionError, match="max_bytes must be a whole number"):
        jp.load(tmp_path, max_bytes="1 GiB")


def test_what_the_system_says_passes_unchanged(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.npz"):
        jp.load(tmp_path / "none.npz")
    for call in (jp.load, lambda path: jp.save(small(), path)):
        with pytest.raises(IsADirectoryError, match=tmp_path.name):
            call(tmp_path)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        jp.save(small(), tmp_path / "nowhere" / "net.npz")


def test_an_error_names_the_path_that_was_given(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError) as refused:
        jp.save(small(), "nowhere/net.npz")
    assert str(refused.value) == "[Errno 2] No such file or directory: 'nowhere/net.npz'"
    _break_replace(monkeypatch)
    with pytest.raises(OSError, match=r"^\[Errno 5\] Input/output error: 'net\.npz'$"):
        jp.save(small(), Path("net.npz"))


def test_an_error_of_no_number_is_left_as_it_is(monkeypatch, tmp_path):
    def closed(path, mode):
        raise io.UnsupportedOperation("not writable")

    monkeypatch.setattr(Path, "open", closed)
    with pytest.raises(io.UnsupportedOperation, match="not writable"):
        jp.save(small(), tmp_path / "net.npz")


@pytest.mark.skipif(sys.platform == "win32", reason="devices and pipes of Unix")
def test_devices_and_pipes_are_left_alone(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, "/dev/null"):
        for call in (jp.load, lambda path: jp.save(small(), path)):
            with pytest.raises(FileFormatError, match="is no ordinary file"):
                call(path)
    assert Path("/dev/null").is_char_device()


@pytest.mark.skipif(sys.platform == "win32", reason="links and permissions of Unix")
def test_links_are_followed_and_permissions_kept(tmp_path):
    file, link, loop = tmp_path / "net.npz", tmp_path / "link", tmp_path / "loop"
    link.symlink_to(file)
    assert jp.save(small(), link) == file.resolve()
    file.chmod(0o640)
    jp.save(small(names="X Y Z S"), link)
    assert link.is_symlink()
    assert file.stat().st_mode & 0o777 == 0o640
    assert jp.load(link).architecture.names.letters["a0"] == "X"
    loop.symlink_to(loop)
    with pytest.raises(OSError, match="loop"):
        jp.load(loop)


# -- whole or not at all -----------------------------------------------------------------------------------


class FullDisk(io.FileIO):
    """A file that takes a few hundred bytes."""

    def write(self, data):
        if self.tell() + len(data) > 700:
            raise OSError(28, "No space left on device")
        return super().write(data)


def _break_replace(monkeypatch):
    def fail(source, target):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(paths.os, "replace", fail)


def _fill_disk(monkeypatch):
    monkeypatch.setattr(Path, "open", lambda path, mode: FullDisk(path, mode))


def _interrupt(monkeypatch):
    def stop(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(saving.np.lib.format, "write_array", stop)


def _break_sync(monkeypatch):
    def fail(number):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(paths.os, "fsync", fail)


@pytest.mark.parametrize("spoil", [_break_replace, _fill_disk, _interrupt, _break_sync])
@pytest.mark.parametrize("old", [True, False])
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, spoil, old):
    path = tmp_path / "net.npz"
    if old:
        jp.save(small(names="X Y Z S"), path)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    with monkeypatch.context() as spoiled:
        spoil(spoiled)
        with pytest.raises((OSError, KeyboardInterrupt)):
            jp.save(small(), path)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before
    jp.save(small(), path)
    assert_same(jp.load(path), small())


def test_a_file_that_must_not_be_written_is_not_replaced(tmp_path, monkeypatch):
    path = jp.save(small(), tmp_path / "net.npz")
    whole_open = Path.open

    def guarded(self, mode="r", *rest):
        if "+" in mode:
            raise PermissionError(13, "Permission denied", str(self))
        return whole_open(self, mode, *rest)

    monkeypatch.setattr(Path, "open", guarded)
    with pytest.raises(PermissionError, match=r"net\.npz"):
        jp.save(small(names="X Y Z S"), path)
    assert [file.name for file in tmp_path.iterdir()] == ["net.npz"]


# -- hostile files -----------------------------------------------------------------------------------------


def saved(net, **cases):
    with tempfile.TemporaryDirectory() as folder:
        return Path(jp.save(net, Path(folder) / "net.npz", **cases)).read_bytes()


GOOD = saved(small(), X=X, T=T)


def members(data=GOOD):
    with zipfile.ZipFile(io.BytesIO(data)) as found:
        return {name: found.read(name) for name in found.namelist()}


def zipped(content, compression=zipfile.ZIP_STORED):
    """An archive of (name, bytes), repeated names included."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", compression) as new, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of repeated names
        for name, data in content.items() if isinstance(content, dict) else content:
            new.writestr(zipfile.ZipInfo(name), data, compression)
    return target.getvalue()


def with_member(name, data, compression=zipfile.ZIP_STORED):
    return zipped(members() | {name: data}, compression)


def without(name):
    return zipped({key: data for key, data in members().items() if key != name})


def npy(array, **options):
    target = io.BytesIO()
    np.lib.format.write_array(target, np.asarray(array), **options)
    return target.getvalue()


def header(text, data=b"", version=b"\1\0"):
    length = len(text).to_bytes(2 if version == b"\1\0" else 4, "little")
    return b"\x93NUMPY" + version + length + text.encode("latin-1") + data


def described(shape="(3, 4)", dtype="'<f8'", data=bytes(96)):
    return header(f"{{'descr': {dtype}, 'fortran_order': False, 'shape': {shape}, }}\n", data)


def told(**changes):
    """The good file with another description."""
    return with_member("network.json", json.dumps(json.loads(members()["network.json"]) | changes).encode())


def layer(number, **changes):
    layers = json.loads(members()["network.json"])["layers"]
    layers[number - 1] |= changes
    return told(layers=layers)


def activation(**changes):
    whole = {"name": "relu", "parameter": None, "expression": None, "at_kink": "left"}
    return layer(1, activation=whole | changes)


def raw_json(text):
    return with_member("network.json", text if isinstance(text, bytes) else text.encode())


def patched(name, offset, packed):
    """Bytes of a member's entry in the central directory, overwritten."""
    data = bytearray(GOOD)
    place = data.rindex(b"PK\1\2", 0, data.rindex(name.encode()))
    data[place + offset : place + offset + len(packed)] = packed
    return bytes(data)


def end(**values):
    """Another end-of-directory record."""
    names = ("signature", "disk", "start_disk", "here", "members", "length", "start", "comment")
    fields = dict(zip(names, struct.unpack("<4s4H2LH", GOOD[-22:]), strict=True)) | values
    return GOOD[:-22] + struct.pack("<4s4H2LH", *fields.values())


def sixty_four():
    """The locator of a 64-bit directory, whose length would be believed."""
    start = struct.unpack("<L", GOOD[-6:-2])[0]
    directory = GOOD[start:-22]
    record = b"PK\6\6" + struct.pack("<Q2H2L4Q", 44, 45, 45, 0, 0, 8, 8, 2**40, 2**40)
    locator = b"PK\6\7" + struct.pack("<LQL", 0, len(GOOD) - 22, 1)
    tail = record + locator
    return (
        GOOD[:start]
        + directory
        + tail
        + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 8, 8, len(directory) + len(tail), start, 0)
    )


DEEP = '{"a":' * 100_000 + "1" + "}" * 100_000
W1 = np.zeros((3, 4))

HOSTILE = {
    "empty": (b"", "no npz file, or only a part of one; got 0 bytes"),
    "text": (b"W1 = 1\n" * 100, "this is no npz file"),
    "a pickle": (pickle.dumps({"W1": W1}), "this is no npz file"),
    "an npy": (npy(W1), "this is no npz file"),
    "an empty zip": (zipped({}), "no npz file"),
    "in front": (b"#!/bin/sh\n" + GOOD, "directory is not where it should be"),
    "behind": (GOOD + b"PK\5\6" + bytes(18), "directory is not where it should be"),
    "a comment": (end(comment=1), "directory is not where it should be"),
    "a long directory": (end(length=2**31), "directory is not where it should be"),
    "64-bit directory": (sixty_four(), "directory is not where it should be.*less than 2 GiB"),
    "not a directory": (
        end(start=5),
        "not where it should be",
    ),
    "no central header": (GOOD.replace(b"PK\1\2", b"PK\1\3"), "the archive is damaged"),
    "wrong crc": (GOOD.replace(b"glorot", b"unit  "), "damaged; got Bad CRC-32"),
    "twice": (zipped([*members().items(), ("W1.npy", npy(W1))]), "two members have one name"),
    "extra member": (with_member("W9.npy", npy(W1)), "unexpected members; got 'W9.npy'"),
    "code": (with_member("setup.py", b"import os"), "unexpected members; got 'setup.py'"),
    "missing member": (without("b1.npy"), "missing or unexpected members; got 'b1.npy'"),
    "T without X": (without("X.npy"), "unexpected members; got 'T.npy'"),
    "no description": (without("network.json"), "no network is saved here"),
    "up": (with_member("../../etc/passwd", b""), "a member's name is no plain name"),
    "absolute": (with_member("/W1.npy", npy(W1)), "a member's name is no plain name"),
    "drive": (with_member("C:W1.npy", npy(W1)), "a member's name is no plain name"),
    "backslash": (with_member("a\\W1.npy", npy(W1)), "a member's name is no plain name"),
    "null in a name": (
        with_member("W1.npyA", npy(W1)).replace(b"W1.npyA", b"W1.npy\0"),
        "two members have one name",
    ),
    "a short name": (GOOD.replace(b"W1.npy", b"W\0.npy"), "a member's name is no plain name"),
    "unprintable": (with_member("\x1b[31m.npy", npy(W1)), "no plain name"),
    "another W1": (with_member("Ｗ1.npy", npy(W1)), "missing or unexpected members"),
    "another case": (with_member("w1.npy", npy(W1)), "missing or unexpected members"),
    "encrypted": (patched("W1.npy", 8, b"\1\0"), "encrypted or packed in an unknown way"),
    "lzma": (zipped(members(), zipfile.ZIP_LZMA), "encrypted or packed in an unknown way"),
    "a method of none": (patched("W1.npy", 10, b"\x63\0"), "encrypted or packed in an unknown way"),
    "claims to be large": (patched("W1.npy", 24, b"\xff\xff\xff\x7f"), "claims more than it can hold"),
    "claims to be small": (patched("W1.npy", 24, b"\1\0\0\0"), "claims more than it can hold"),
    "both large": (patched("W1.npy", 20, b"\xff\xff\xff\x3f" * 2), "lies outside the file"),
    "far away": (patched("W1.npy", 42, b"\xff\xff\xff\x3f"), "lies outside the file"),
    "somewhere else": (patched("W1.npy", 42, b"\5\0\0\0"), "the archive is damaged"),
    "future version": (patched("W1.npy", 6, b"\xff\0"), "the archive is damaged"),
    "a bomb": (
        with_member("W1.npy", npy(np.zeros(2**20)), zipfile.ZIP_DEFLATED),
        "W1 does not fit its layer",
    ),
    "a bomb of text": (raw_json(b" " * 2**22 + b"{}"), "network.json is too long; got 4,194,306 bytes"),
    "745 GiB": (with_member("W1.npy", described("(100000000000,)")), "not as large as its header says"),
    "overflow": (
        with_member("W1.npy", described(f"({2**32}, {2**32}, 1)", data=b"")),
        "not as large as its header says",
    ),
    "negative": (with_member("W1.npy", described("(-3, -4)")), "header cannot be read"),
    "zero": (with_member("W1.npy", described("(0, 4)", data=b"")), "impossible shape"),
    "zero and huge": (with_member("W1.npy", described(f"(0, {10**14})", data=b"")), "impossible shape"),
    "endless": (with_member("W1.npy", described(f"({'9' * 3000},)")), "impossible shape"),
    "many axes": (with_member("W1.npy", described(f"({'1, ' * 33})")), "at most 32 lengths"),
    "a word": (with_member("W1.npy", described("(1 2,)")), "impossible shape"),
    "code in a shape": (with_member("W1.npy", described("(__import__('os'),)")), "header cannot be read"),
    "deep": (with_member("W1.npy", described("(" * 2000)), "header cannot be read"),
    "a longer header": (with_member("W1.npy", header("{" + " " * 60000)), "header cannot be read"),
    "a header of 4 GiB": (
        with_member("W1.npy", b"\x93NUMPY\2\0\xff\xff\xff\xff{"),
        "header cannot be read",
    ),
    "no header": (with_member("W1.npy", b""), "the member is no array; got b''"),
    "wrong magic": (with_member("W1.npy", b"\x93NUMPZ\1\0" + bytes(90)), "the member is no array"),
    "version 3": (with_member("W1.npy", npy(W1, version=(3, 0))), "the member is no array"),
    "objects": (with_member("W1.npy", npy(np.array([print], object))), r"no plain numbers; got dtype '\|O'"),
    "structured": (
        with_member("W1.npy", npy(np.zeros(3, [("a", "<f8"), ("b", "<f8")]))),
        r"no plain numbers; got dtype \[\('a', '<f8'\)",
    ),
    "complex": (with_member("W1.npy", npy(W1 + 1j)), "no plain numbers; got dtype '<c16'"),
    "boolean": (with_member("W1.npy", npy(W1 > 1)), "no plain numbers"),
    "text array": (with_member("W1.npy", npy(np.array(["a"]))), "no plain numbers"),
    "dates": (with_member("W1.npy", npy(np.zeros(3, "M8[s]"))), "no plain numbers"),
    "object cases": (with_member("X.npy", npy(np.array([print], object))), "no plain numbers"),
    "transposed": (
        with_member("W1.npy", npy(W1.T.copy())),
        r"W1 does not fit.*shape \(4, 3\), expected.*\(3, 4\)",
    ),
    "float32": (with_member("W1.npy", npy(W1.astype("f4"))), "got float32 of shape .* expected float64"),
    "integers": (with_member("W1.npy", npy(W1.astype(int))), "got int64 of shape"),
    "too short": (with_member("W1.npy", npy(W1)[:-1]), "not as large as its header says; got 95 bytes"),
    "too long": (with_member("W1.npy", npy(W1) + b"\0"), "not as large as its header says; got 97 bytes"),
    "nan": (with_member("W1.npy", npy(W1 + np.nan)), "parameter W1 is not finite"),
    "infinite": (with_member("W1.npy", npy(W1 + np.inf)), "parameter W1 is not finite"),
    "not UTF-8": (raw_json(b'{"format": "\xff"}'), "not the JSON that it should be"),
    "no JSON": (raw_json("{'format': 1}"), "not the JSON that it should be"),
    "BOM": (raw_json("\ufeff{}"), "not the JSON that it should be"),
    "deep JSON": (raw_json(DEEP), "got more than 8 levels"),
    "deep lists": (raw_json("[" * 10**6), "got more than 8 levels"),
    "hidden depth": (raw_json('"\\"' + "[" * 10**6), "not the JSON that it should be"),
    "NaN in JSON": (raw_json('{"a": NaN}'), "got NaN, which is no JSON"),
    "Infinity in JSON": (raw_json('{"a": [-Infinity]}'), "got -Infinity, which is no JSON"),
    "long integer": (raw_json('{"version": ' + "9" * 5000 + "}"), "got a number of 5000 digits"),
    "repeated keys": (raw_json('{"a": 1, "a": 1}'), "got a key that stands twice"),
    "a list": (raw_json("[]"), "an object is missing; got list"),
    "unknown key": (told(code="print()"), "missing or unknown keys; got 'code'"),
    "no keys": (raw_json("{}"), "missing or unknown keys; got 'dtype', 'format'"),
    "another format": (told(format="pickle"), "this describes no network; got pickle"),
    "wrong version": (told(version=2), "unknown version; got 2, expected 1. Install a newer jacobprop"),
    "version of a kind": (told(version=True), "version has the wrong type; got True, expected int"),
    "dtype": (told(dtype="object"), "unknown dtype; got object"),
    "longdouble": (told(dtype="float128"), "unknown dtype"),
    "no layers": (told(layers=[]), "missing or unexpected members"),
    "null layers": (told(layers=None), "layers has the wrong type; got None, expected list"),
    "a layer's kind": (
        layer(3, kind="os.system"),
        "layer 3: unknown layer; got os.system, expected Dense, Softmax",
    ),
    "a kind of none": (layer(3, kind=["Dense"]), r"layer 3: unknown layer; got \['Dense'\]"),
    "a layer's key": (layer(3, code=1), "layer 3: missing or unknown keys; got 'code'"),
    "Dense's key": (layer(1, inputs=[0]), "layer 1: missing or unknown keys; got 'inputs'"),
    "bias": (layer(1, bias=1), "bias has the wrong type; got 1, expected bool"),
    "no bias": (layer(1, bias=False), "missing or unexpected members; got 'b1.npy'"),
    "width": (layer(1, n_out=10**17), r"W1 does not fit its layer.*expected float64 of shape \(3, 10{17}\)"),
    "negative width": (layer(1, n_in=-3), "W1 does not fit its layer"),
    "init": (layer(1, init="__class__"), "load .*Dense.*unknown init"),
    "activation": (activation(name="os.system"), "unknown activation; got 'os.system'"),
    "a kink": (activation(at_kink="top"), "no such derivative at a kink"),
    "a parameter": (activation(name="leaky_relu", parameter=2.0), "load .*the parameter is out of range"),
    "no parameter": (activation(name="tanh", parameter=2.0), "no activation with a parameter; got tanh"),
    "a number of none": (activation(name="elu", parameter="2"), "parameter has the wrong type"),
    "an infinite kink": (
        raw_json(members()["network.json"].replace(b'"left"', b"1e999", 1)),
        "no such derivative at a kink",
    ),
    "a smooth kink": (activation(name="tanh", at_kink=1), "smooth and has no kink"),
    "an expression": (activation(expression="__import__('os').system('x')"), "from_expression, column"),
    "a costly expression": (activation(expression="9**9**9**9*z"), "from_expression, column"),
    "an empty name": (activation(expression="z*exp(-z**2)", name=" "), "an activation needs a name"),
    "loss": (told(loss={"kind": "Loss", "reduction": "mean"}), "unknown loss; got Loss"),
    "another loss": (
        told(loss={"kind": "BinaryCrossEntropy", "reduction": "mean"}),
        "needs sigmoid as the last",
    ),
    "reduction": (told(loss={"kind": "CrossEntropy", "reduction": "eval"}), "unknown reduction; got 'eval'"),
    "letters": (told(names=["X", "Y"]), "names needs one letter for each"),
    "letters of numbers": (told(names=[1, 2, 3, 4]), "a letter is a string; got 1"),
    "colliding letters": (told(names=["X", "X", "Y", "Z"]), "a letter is taken"),
    "a letter of a parameter": (told(weights=["b1", "W"]), "a letter is taken"),
}


@pytest.mark.parametrize(("data", "message"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_is_refused_in_few_bytes(tmp_path, data, message):
    path = tmp_path / "net.npz"
    path.write_bytes(data)
    tracemalloc.start()
    try:
        with pytest.raises(FileFormatError, match=message) as caught:
            jp.load(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2**20 + 8 * len(data)
    assert str(path) in str(caught.value)
    assert len(str(caught.value)) < 1200
    assert path.read_bytes() == data
    with contextlib.suppress(FileFormatError):  # the cases may be good where the network is not
        np.testing.assert_array_equal(files.load_cases(path).X, X)


def test_layers_that_do_not_fit_each_other(tmp_path):
    data = zipped(members() | {"W1.npy": npy(np.zeros((3, 5))), "b1.npy": npy(np.zeros(5))})
    told = json.loads(members()["network.json"])
    told["layers"][0]["n_out"] = 5
    (tmp_path / "net.npz").write_bytes(zipped(members(data) | {"network.json": json.dumps(told)}))
    with pytest.raises(FileFormatError, match=r"layer 2 .*does not fit the one below.*got 5 inputs"):
        jp.load(tmp_path / "net.npz")


def test_members_that_overlap(tmp_path):
    data = bytearray(zipped({"a.npy": b"x" * 50, "b.npy": b"x" * 50}))
    place = data.index(b"PK\1\2")
    first = bytes(data[place : place + 46 + 5])
    many = 8 * first.replace(b"a.npy", b"%c.npy") % tuple(b"abcdefgh")
    tail = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 8, 8, len(many), place, 0)
    (tmp_path / "net.npz").write_bytes(bytes(data[:place]) + many + tail)
    with pytest.raises(FileFormatError, match="members overlap"):
        files.read_arrays(tmp_path / "net.npz")


def test_too_many_expressions(tmp_path):
    whole = json.loads(members()["network.json"])
    chosen = [f"z*exp(-z**2)+{k}" for k in range(65)]
    activation = {"name": "f", "parameter": None, "at_kink": "left"}
    layers = [whole["layers"][0] | {"activation": activation | {"expression": text}} for text in chosen]
    (tmp_path / "net.npz").write_bytes(told(layers=layers))
    with pytest.raises(FileFormatError, match="too many different expressions; got 65, expected at most 64"):
        jp.load(tmp_path / "net.npz")


def test_every_truncation_is_refused(tmp_path):
    path = tmp_path / "net.npz"
    for length in range(0, len(GOOD), 50):
        path.write_bytes(GOOD[:length])
        with pytest.raises(FileFormatError, match=r"no npz file|not where it should be"):
            jp.load(path)


def test_the_limit_counts_everything(tmp_path):
    path = jp.save(small(), tmp_path / "net.npz")
    size = sum(map(len, members(path.read_bytes()).values()))
    assert_same(jp.load(path, max_bytes=size), small())
    with pytest.raises(
        FileFormatError, match=f"got {size:,} bytes, expected at most {size - 1:,}. If you trust"
    ):
        jp.load(path, max_bytes=size - 1)


def test_a_bomb_within_what_deflate_can_do_stops_at_the_limit(tmp_path):
    path = tmp_path / "bomb.npz"
    path.write_bytes(zipped({"W1.npy": npy(np.zeros(2**23))}, zipfile.ZIP_DEFLATED))
    tracemalloc.start()
    try:
        with pytest.raises(FileFormatError, match="larger than the limit; got 67,108,992 bytes"):
            files.read_arrays(path, max_bytes=2**20)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


def test_a_member_that_ends_too_soon(tmp_path):
    """Deflate data of another size than the directory says."""
    data = bytearray(zipped({"a.npy": npy(np.zeros(400))}, zipfile.ZIP_DEFLATED))
    place = data.rindex(b"PK\1\2")
    shorter = zipped({"a.npy": npy(np.zeros(400))[:-8]}, zipfile.ZIP_DEFLATED)
    assert struct.unpack("<L", data[place + 24 : place + 28])[0] == 3328
    short = bytearray(shorter)
    short[short.rindex(b"PK\1\2") + 24 :][:4] = b""
    where = short.rindex(b"PK\1\2") + 24
    short[where : where + 4] = struct.pack("<L", 3328)
    (tmp_path / "a.npz").write_bytes(bytes(short))
    with pytest.raises(
        FileFormatError, match=r"the archive is damaged; got (the member ends too soon|Bad CRC)"
    ):
        files.read_arrays(tmp_path / "a.npz")


# -- any arrays --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("write", [np.savez, np.savez_compressed])
def test_arrays_of_numpy_are_read(tmp_path, write):
    rng = np.random.default_rng(0)
    arrays = {
        "W1": rng.normal(size=(3, 4)),
        "b 1": rng.normal(size=4).astype(">f4"),
        "é": np.asfortranarray(rng.normal(size=(2, 3, 4)).astype(np.float16)),
        "zeros": np.zeros((50, 100)),
        "T": np.arange(5, dtype=np.uint8),
        "scalar": np.float64(2.5),
    }
    write(tmp_path / "arrays.npz", **arrays)
    found = files.read_arrays(tmp_path / "arrays.npz")
    assert list(found) == list(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == np.asarray(array).dtype.newbyteorder("=")
        assert found[name].flags.writeable


def test_a_saved_network_is_no_file_of_arrays(tmp_path):
    path = jp.save(small(), tmp_path / "net.npz")
    with pytest.raises(FileFormatError, match=r"a member is no array; got 'network.json'.*read with jp.load"):
        files.read_arrays(path)


# -- damage at random --------------------------------------------------------------------------------------


def fuzz_files(n, seed=0):
    """Damage n files; each is refused in our words or gives a network, and bytes of numbers never change.

    Every other time only a member is damaged and the archive is written anew, so that its checksums
    hold and what is inside must be looked at. Returns how many were refused.
    """
    rng, refused, original = random.Random(seed), 0, jp.load  # noqa: S311  (reproducible damage)
    expected, inner = small(), members()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net.npz"
        for number in range(n):
            outside = number % 2 == 0
            path.write_bytes(damaged(GOOD, rng) if outside else zipped(_one_damaged(inner, rng)))
            reader = rng.choice((original, original, files.load_cases, files.read_arrays))
            try:
                found = reader(path)
            except JacobpropError:
                refused += 1
                continue
            if outside and reader is original:
                assert_same(found, expected)
    return refused


def damaged(data, rng):
    """Some bytes flipped, cut out, repeated or exchanged."""
    found = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 8))):
        place = rng.randrange(len(found) or 1)
        length = rng.choice((1, 1, 2, 4, 40))
        kind = rng.randrange(5)
        if kind == 0:
            del found[place : place + length]
        elif kind == 1:
            found[place:place] = found[place : place + length]
        elif kind == 2:
            found[place : place + length] = rng.choice((b"\xff", b"\0", b"9", b"[", b"-")) * length
        else:
            found[place : place + 1] = bytes([rng.randrange(256)])
    return bytes(found)


def _one_damaged(inner, rng):
    name = rng.choice(["network.json"] * 3 + list(inner))
    return inner | {name: damaged(inner[name], rng)}


def test_damaged_files_are_refused_or_right():
    assert 250 < fuzz_files(400, seed=1) <= 400


def test_the_fuzz_can_fail(monkeypatch):
    """A reader that lets a foreign exception through is found, and one that accepts other numbers."""
    with monkeypatch.context() as spoiled:
        spoiled.setattr(archive_module, "read_header", lambda stream, where: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            fuzz_files(50)
    monkeypatch.setattr(jp, "load", lambda path: small(dtype="float32"))
    with pytest.raises(AssertionError):
        fuzz_files(50)


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    print(f"{fuzz_files(count):,} of {count:,} damaged files refused, none with a foreign exception")
