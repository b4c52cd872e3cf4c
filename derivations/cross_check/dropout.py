"""Dropout with its mask drawn."""

import numpy as np

import jacobprop as jp

from .agreement import Agreement, Letters
from .layers import GivenRow

MASKED = {"mask": "m", "rho": "", "y": "m"}


def dropped(x: Letters) -> jp.Record:
    """z = mask y / (1 - rho) by the first seed that draws the given mask, with the given row on top."""
    net = jp.Network([jp.Dropout(float(x["rho"]))], loss=GivenRow())
    kept, ones = x["mask"] != 0, np.ones(len(x["mask"]))
    found = next(
        drawn for seed in range(1000) if (((drawn := net.in_training(seed))(ones) != 0) == kept).all()
    )
    return found.forward(x["y"], x.get("L'"))


AGREEMENTS = (
    Agreement("drop_J", "in_training(), layer(1).J_Y", "k q", MASKED, lambda x: dropped(x).layer(1).J_Y),
    Agreement(
        "drop_L", 'jacobian("L", "a0")', "q", {**MASKED, "L'": "m"}, lambda x: dropped(x).jacobian("L", "a0")
    ),
)
