"""The file of a training state: what is written, and what a stranger may have written."""

import io
import os
import zipfile

import numpy as np
import pytest

import jacobprop as jp
from jacobprop import errors
from jacobprop.training import Adam, Optimizer, TrainingState, fit

RNG = np.random.default_rng(31)
X, T = RNG.normal(size=(6, 3)), RNG.normal(size=(6, 2))
NET = jp.Network([jp.Dense(3, 4, "tanh"), jp.Dense(4, 2)], jp.SquaredError())
STATE = fit(NET, X, T, epochs=3, batch_size=4, optimizer=Adam(), held_out=(X[:2], T[:2])).state
P = NET.size


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state.npz"


@pytest.fixture
def good(path):
    """The arrays of a file that is right."""
    STATE.save(path)
    with np.load(path, allow_pickle=False) as file:
        return dict(file)


def test_the_file_holds_plain_arrays_and_nothing_else(good):
    assert {name: (a.dtype.kind, a.shape) for name, a in good.items()} == {
        "parameters": ("f", (P,)),
        "best": ("f", (P,)),
        "memory_first_moment": ("f", (P,)),
        "memory_second_moment": ("f", (P,)),
        "random": ("u", (6,)),
        "task": ("u", (len(STATE.task),)),
        "updates": ("i", ()),
        "train": ("f", (4,)),
        "held_out": ("f", (4,)),
    }


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_what_is_not_there_is_left_out_and_dtypes_stay(path, dtype):
    state = fit(NET.astype(dtype), X.astype(dtype), T.astype(dtype), epochs=0).state
    again = TrainingState.load(state.save(path))
    assert again.parameters.dtype == dtype
    assert (again.best, dict(again.memory), again.history.held_out, again.epoch) == (None, {}, [], 0)
    with zipfile.ZipFile(path) as archive:
        names = ("parameters", "random", "task", "updates", "train")
        assert set(archive.namelist()) == {f"{name}.npy" for name in names}


def test_what_is_loaded_is_read_only_and_complete(path):
    again = TrainingState.load(str(STATE.save(str(path))))
    for array in (again.parameters, again.random, again.best, *again.memory.values()):
        assert not array.flags.writeable
    assert again.history == STATE.history
    assert type(again.updates) is int
    assert {type(loss) for loss in again.history.train} == {float}


def test_losses_that_are_no_numbers_are_kept(good, path):
    np.savez(path, **good | {"train": np.array([np.nan, np.inf, 1.0, 2.0])})
    assert TrainingState.load(path).history.train[1:] == [np.inf, 1.0, 2.0]


def test_an_older_file_is_replaced_or_stays_as_it_is(path, monkeypatch):
    STATE.save(path)
    before = path.read_bytes()

    def broken(stream, **arrays):
        stream.write(b"half")
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(np, "savez", broken)
        with pytest.raises(OSError, match="No space left"):
            STATE.save(path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]
    fit(NET, X, T, epochs=1).state.save(path)
    assert TrainingState.load(path).epoch == 1


# -- files that a stranger wrote --------------------------------------------------------------------------


def without(*names):
    return lambda arrays: {name: array for name, array in arrays.items() if name not in names}


def changed(**new):
    return lambda arrays: arrays | {name: make(arrays) for name, make in new.items()}


def words(**at):
    return changed(
        random=lambda a: np.array([at.get(f"w{k}", w) for k, w in enumerate(a["random"])], np.uint64)
    )


NO_STATE, MISFIT, NO_RUN = (
    "no training state is saved here",
    "does not fit the other arrays",
    "the values are not those of a training run",
)
HOSTILE = {
    "nothing": (lambda a: {}, "no npz file|" + NO_STATE),
    "no parameters": (without("parameters"), NO_STATE),
    "no generator": (without("random"), NO_STATE),
    "no updates": (without("updates"), NO_STATE),
    "no losses": (without("train"), NO_STATE),
    "no task": (without("task"), NO_STATE),
    "a number for a task": (changed(task=lambda a: np.uint8(65)), MISFIT),
    "a task in a table": (changed(task=lambda a: a["task"][None]), MISFIT),
    "a task of wide numbers": (changed(task=lambda a: a["task"].astype(np.uint16)), MISFIT),
    "a task without an end": (changed(task=lambda a: np.full(2**13 + 1, 65, np.uint8)), MISFIT),
    "no text": (changed(task=lambda a: np.full(3, 255, np.uint8)), NO_RUN),
    "text that writes elsewhere": (changed(task=lambda a: np.frombuffer(b"W1\x1b[2J", np.uint8)), NO_RUN),
    "another member": (changed(extra=lambda a: np.ones(3)), NO_STATE),
    "memory without a name": (changed(**{"memory_ 1": lambda a: np.ones(P)}), NO_STATE),
    "parameters in a matrix": (changed(parameters=lambda a: a["parameters"].reshape(2, -1)), MISFIT),
    "a number for parameters": (
        lambda a: (
            without("best", "held_out", "memory_first_moment", "memory_second_moment")(a)
            | {"parameters": np.float64(1)}
        ),
        MISFIT,
    ),
    "a number for losses": (lambda a: a | {"train": np.float64(1), "held_out": np.float64(1)}, MISFIT),
    "a parameter less": (changed(parameters=lambda a: a["parameters"][1:]), MISFIT),
    "whole parameters": (changed(parameters=lambda a: np.ones(P, int)), MISFIT),
    "memory of another length": (changed(memory_first_moment=lambda a: np.ones(P + 1)), MISFIT),
    "whole memory": (changed(memory_first_moment=lambda a: np.ones(P, int)), MISFIT),
    "best of another length": (changed(best=lambda a: np.ones(1)), MISFIT),
    "a loss less": (changed(held_out=lambda a: a["held_out"][1:]), MISFIT),
    "losses in a matrix": (
        changed(train=lambda a: a["train"][None], held_out=lambda a: a["train"][None]),
        MISFIT,
    ),
    "a shorter generator": (changed(random=lambda a: a["random"][1:]), MISFIT),
    "a signed generator": (changed(random=lambda a: a["random"].astype(np.int64)), MISFIT),
    "updates in a row": (changed(updates=lambda a: np.array([3, 4])), MISFIT),
    "half an update": (changed(updates=lambda a: np.float64(0.5)), MISFIT),
    "updates below none": (changed(updates=lambda a: np.int64(-1)), NO_RUN),
    "parameters of nan": (changed(parameters=lambda a: a["parameters"] * np.nan), NO_RUN),
    "an infinite best": (changed(best=lambda a: a["best"] + np.inf), NO_RUN),
    "best of nothing": (without("held_out"), NO_RUN),
    "no best": (without("best"), NO_RUN),
    "an even increment": (words(w2=4), NO_RUN),
    "half a draw too much": (words(w4=2), NO_RUN),
    "a draw too wide": (words(w5=2**32), NO_RUN),
    "objects": (changed(parameters=lambda a: np.array([{}] * P, object)), "the array holds no plain numbers"),
    "complex numbers": (changed(best=lambda a: np.ones(P, complex)), "the array holds no plain numbers"),
    "text": (changed(train=lambda a: np.array(["0.1"] * 4)), "the array holds no plain numbers"),
}


@pytest.mark.parametrize(("change", "sentence"), HOSTILE.values(), ids=HOSTILE)
def test_a_file_that_is_no_state_is_refused(good, path, change, sentence):
    np.savez(path, **change(good))
    with pytest.raises(errors.FileFormatError, match=sentence) as caught:
        TrainingState.load(path)
    assert str(path) in str(caught.value)


def test_the_refusal_says_what_to_do(good, path):
    np.savez(path, **without("train")(good))
    with pytest.raises(
        errors.FileFormatError, match=r"expected parameters, random, task, train, updates\. Write the file ag"
    ):
        TrainingState.load(path)
    jp.save(NET, path)
    with pytest.raises(
        errors.FileFormatError, match=r"got 'W1.npy', 'W2.npy', 'b1.npy', 'b2.npy', 'network.json'"
    ):
        TrainingState.load(path)


def test_a_member_that_is_no_array_is_refused(good, path):
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("note.txt", b"train me")
    with pytest.raises(errors.FileFormatError, match=NO_STATE):
        TrainingState.load(path)


def test_a_bomb_is_not_unpacked(good, path):
    np.savez_compressed(path, **good | {"memory_bomb": np.zeros(2**21)})
    with pytest.raises(errors.FileFormatError, match="raise max_bytes"):
        TrainingState.load(path, max_bytes=2**20)
    with pytest.raises(errors.OptionError, match="max_bytes must be a whole number"):
        TrainingState.load(path, max_bytes=-1)


def test_every_damaged_file_is_refused_or_makes_a_state(good, path):
    """Bytes cut off, and bytes turned over: what is loaded can be trained on, all else is our error."""
    whole = path.read_bytes()
    damaged = [whole[:n] for n in range(0, len(whole), 97)]
    for _ in range(150):
        bytes_ = bytearray(whole)
        bytes_[RNG.integers(len(whole))] ^= 1 << RNG.integers(8)
        damaged.append(bytes(bytes_))
    options = {"batch_size": 4, "optimizer": Adam(), "held_out": (X[:2], T[:2])}
    refused = 0
    for content in damaged:
        path.write_bytes(content)
        try:
            fit(NET, X, T, epochs=1, state=TrainingState.load(path), **options)
        except (errors.FileFormatError, errors.OptionError):  # the latter where a whole member is lost
            refused += 1
    assert refused > len(damaged) // 2


def test_what_is_no_file_is_refused(tmp_path, path):
    with pytest.raises(FileNotFoundError):
        TrainingState.load(path)
    with pytest.raises(IsADirectoryError):
        STATE.save(tmp_path)
    for call in (STATE.save, TrainingState.load):
        for wrong in (None, 3, io.BytesIO(), "", b"state.npz", "a\0b"):
            with pytest.raises(errors.OptionError, match=r"TrainingState\.(save|load): the path"):
                call(wrong)
    if hasattr(os, "mkfifo"):
        os.mkfifo(path)
        with pytest.raises(errors.FileFormatError, match="no ordinary file"):
            TrainingState.load(path)


def test_a_network_without_parameters_has_nothing_to_save(path):
    net = jp.Network([jp.Softmax()], jp.CrossEntropy())
    state = fit(net, np.ones((2, 3)), [0, 2], epochs=2).state
    with pytest.raises(errors.OptionError, match=r"TrainingState\.save: there are no parameters"):
        state.save(path)
    assert not path.exists()


def test_a_memory_that_could_not_be_read_again_is_not_written(path):
    class Spaced(Optimizer):
        memory = ("sum of all",)

        def direct(self, gradient, memory, update):
            memory["sum of all"] += gradient

    state = fit(NET, X, T, epochs=1, optimizer=Spaced()).state
    with pytest.raises(
        errors.OptionError, match=r"memory has a name that cannot be saved; got 'sum of all', expected let"
    ):
        state.save(path)
    assert not path.exists()


def test_the_task_of_another_is_refused_by_fit(good, path):
    text = STATE.task.replace("batch_size=4", "batch_size=5").encode()
    np.savez(path, **good | {"task": np.frombuffer(text + b"\none line more", np.uint8)})
    state = TrainingState.load(path)
    with pytest.raises(
        errors.OptionError, match="got batch_size=5; one line more, expected batch_size=4; nothing"
    ):
        fit(NET, X, T, state=state, batch_size=4, optimizer=Adam(), held_out=(X[:2], T[:2]))
