"""What all experiments share: names, seeds, progress, and what they refuse."""

import inspect
import re
from functools import partial

import numpy as np
import pytest

from jacobprop.errors import OptionError
from jacobprop.experiments import EXPERIMENTS, saturation, wine, xor
from jacobprop.experiments.experiment import checked_seeds

NAMES = ["xor", "wine", "falling-body", "vanishing", "saturation", "polygons", "pulses", "seed-001"]
SMALL = {"wine": {"seeds": [0], "epochs": 1}, "saturation": {"seeds": [0]}, "seed-001": {}, "pulses": {}}


def test_every_experiment_of_the_issue_is_there():
    assert list(EXPERIMENTS) == NAMES
    for name, experiment in EXPERIMENTS.items():
        assert experiment.name == name
        assert len(experiment.title) < 66
        options = inspect.signature(experiment.run).parameters
        assert ("seeds" in options) == bool(experiment.seeds)
        assert ("incremental" in options) == experiment.incremental
        if experiment.seeds:
            assert options["seeds"].default == range(experiment.seeds)


@pytest.mark.parametrize("name", SMALL)
def test_progress_grows_and_changes_nothing(name):
    told = []
    followed = EXPERIMENTS[name].run(progress=lambda share, what: told.append((share, what)), **SMALL[name])
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert 0 <= shares[0] <= shares[-1] < 1
    assert all(what for _, what in told)
    assert EXPERIMENTS[name].run(**SMALL[name]).table() == followed.table()


@pytest.mark.parametrize("name", SMALL)
def test_a_table_has_all_its_columns(name):
    table = EXPERIMENTS[name].run(**SMALL[name]).table()
    assert {len(row) for row in table.rows} == {len(table.columns)}
    assert 0 <= table.words <= len(table.columns)
    assert all(isinstance(cell, str) for row in table.rows for cell in row)


ONE = {
    "xor": lambda: xor.XorResult((1,), (xor.Trial(xor.BATCH[0], np.array([140.0])),), None, None, None),
    "wine": lambda: wine.run(seeds=[0], epochs=1),
    **{
        name: partial(EXPERIMENTS[name].run, seeds=[0])
        for name in ("falling-body", "vanishing", "saturation")
    },
}
SEVERAL_OF_ONE = re.compile(r"(?<![\w.])1 ([a-z]+ )?[a-z]+s\b")


@pytest.mark.parametrize("name", ONE)
def test_one_start_is_not_spoken_of_as_several(name):
    text = " ".join(ONE[name]().findings())
    assert re.search(r"\b1 (start|random split|network|layer)\b", text)
    assert not SEVERAL_OF_ONE.search(text)


@pytest.mark.parametrize(
    "text", ["over 1 networks of", "mean of 1 layers.", "of 1 starts", "1 random splits, after"]
)
def test_several_of_one_are_seen(text):
    assert SEVERAL_OF_ONE.search(text)


@pytest.mark.parametrize(
    ("seeds", "shown"), [([], r"\[\]"), (3, "3"), ("12", "'12'"), ([1, 2, 1], r"\[1, 2, 1\]"), (None, "None")]
)
@pytest.mark.parametrize("name", ["xor", "wine", "falling-body", "vanishing", "saturation"])
def test_seeds_are_refused_that_are_none(name, seeds, shown):
    sentence = (
        f"{name}: an experiment draws one start for each seed; got {shown}, expected at least one whole"
        r" number, none of them twice\. range\(8\) are eight seeds\."
    )
    with pytest.raises(OptionError, match=sentence):
        EXPERIMENTS[name].run(seeds=seeds)


@pytest.mark.parametrize("seed", [-1, 0.5, "a", np.nan])
def test_a_seed_is_a_whole_number(seed):
    with pytest.raises(OptionError, match="saturation: a seed must be"):
        saturation.run(seeds=[0, seed])


def test_seeds_may_come_from_any_iterable():
    assert checked_seeds(iter([np.int64(3), 1]), "x") == (3, 1)


def test_other_seeds_find_other_numbers():
    first, second = (saturation.run(seeds=[seed]).trials[1].saturated for seed in (0, 1))
    assert not np.array_equal(first, second)
