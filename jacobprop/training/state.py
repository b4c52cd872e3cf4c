"""A training run between two epochs, all of it: whoever goes on from here comes to the same place."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..arrays import Array
from ..files.archive import MAX_BYTES
from ..histories import History
from .state_file import read, write


@dataclass(frozen=True, repr=False, eq=False)
class TrainingState:
    """Where a training run has come to, for ``fit(..., state=state)`` to go on from.

    k epochs, then m more from their state, are k + m epochs bit for bit, with the same network, cases and
    options. Index legend: p parameters.

    Attributes
    ----------
    parameters : array (p,)
        In the order of ``net.vector``; those of the last epoch, also where early stopping has gone back to
        others.
    memory : mapping
        {name: array (p,)}: what the optimiser remembers.
    updates : int
        How many there were, which the optimiser counts.
    random : array (6,) of uint64
        The generator of the cases' order and of dropout's masks.
    history : History
        The losses so far.
    task : str
        What it is a state of, a line each: the parameters' shapes, optimiser, batch size, l2 and cases.
    best : array (p,) or None
        The parameters of the lowest held-out loss; None without held-out cases.

    Examples
    --------
    >>> import tempfile, jacobprop as jp
    >>> from jacobprop.training import Momentum, TrainingState
    >>> net = jp.Network([jp.Dense(3, 2, "tanh")], jp.SquaredError())
    >>> X, T = np.eye(3), np.ones((3, 2))
    >>> options = {"batch_size": 2, "optimizer": Momentum(0.9)}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = jp.fit(net, X, T, epochs=4, **options).state.save(f"{folder}/state.npz")
    ...     state = TrainingState.load(path)
    >>> state
    <TrainingState: after epoch 4, 8 parameters, velocity>
    >>> later = jp.fit(net, X, T, epochs=6, state=state, **options)
    >>> bool((later.network.vector == jp.fit(net, X, T, epochs=10, **options).network.vector).all())
    True
    """

    parameters: Array
    memory: Mapping[str, Array]
    updates: int
    random: Array
    history: History
    task: str
    best: Array | None = field(default=None)

    @property
    def epoch(self) -> int:
        """The last epoch."""
        return len(self.history.train) - 1

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write it to an npz file, whole or not at all; nothing is pickled.

        Raises
        ------
        OptionError
            The network has no parameters.
        OSError
            The file cannot be written.
        """
        arrays = {
            "parameters": self.parameters,
            "random": self.random,
            "updates": np.array(self.updates, np.int64),
            "train": np.array(self.history.train),
            "held_out": np.array(self.history.held_out),
            "task": np.frombuffer(self.task.encode(errors="replace"), np.uint8),
            "best": np.empty(0) if self.best is None else self.best,
        }
        return write(path, arrays | {f"memory_{name}": array for name, array in self.memory.items()})

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, max_bytes: int = MAX_BYTES) -> TrainingState:
        """What `save` wrote; the file may come from anybody.

        Parameters
        ----------
        path : str or path
            The file.
        max_bytes : int
            What its arrays may take together.

        Raises
        ------
        FileFormatError
            It is no such file, or damaged, or inconsistent, or larger than `max_bytes`.
        OSError
            It cannot be opened.
        """
        arrays = read(path, max_bytes)
        memory = {name: arrays[name] for name in arrays if name.startswith("memory_")}
        return cls(
            arrays["parameters"],
            {name.removeprefix("memory_"): array for name, array in memory.items()},
            int(arrays["updates"]),
            arrays["random"],
            History(arrays["train"].tolist(), arrays["held_out"].tolist()),
            arrays["task"].tobytes().decode(),
            arrays["best"] if arrays["best"].size else None,
        )

    def __repr__(self) -> str:
        remembered = "".join(f", {name}" for name in self.memory)
        return f"<TrainingState: after epoch {self.epoch}, {self.parameters.size} parameters{remembered}>"


def words_of(generator: np.random.Generator) -> Array:
    """The state of a PCG64 generator: state, increment (128 bits each, low word first), and half a draw."""
    found = generator.bit_generator.state
    wide = (found["state"]["state"], found["state"]["inc"])
    parts = [number >> shift & (2**64 - 1) for number in wide for shift in (0, 64)]
    return np.array([*parts, found["has_uint32"], found["uinteger"]], np.uint64)


def generator_of(words: Array) -> np.random.Generator:
    """The generator that `words_of` describes."""
    low, high, inc_low, inc_high, half, kept = map(int, words)
    bits = np.random.PCG64()
    bits.state = {
        "bit_generator": "PCG64",
        "state": {"state": low | high << 64, "inc": inc_low | inc_high << 64},
        "has_uint32": half,
        "uinteger": kept,
    }
    return np.random.Generator(bits)
