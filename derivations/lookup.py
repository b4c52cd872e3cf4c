"""The derivations that a name asks for: an id, a topic, a part, or a row of the inventory."""

from collections.abc import Callable, Collection, Sequence
from difflib import get_close_matches

from .errata import LEFT_OUT
from .proof.derivation import Derivation

TOPICS: dict[str, tuple[str, ...]] = {
    "affine": ("J_Y_Sum", "J_W_Sum", "J_b_Sum"),
    "backpropagation": ("delta_rule", "chain_loss", "chain_delta"),
    "batch": ("batch_J", "batch_W", "batch_b", "batch_mean"),
    "bias": ("J_b_L", "J_b_Z"),
    "chain": ("chain_loss",),
    "chain-rule": ("J_X_Z", "chain_loss"),
    "cross-entropy": ("CE_soft", "CE_row"),
    "delta": ("delta_rule",),
    "gradient": ("J_W_L", "J_b_L", "J_Y_L"),
    "hessian": ("CE_Hessian", "BCE_Hessian", "CE_root", "CE_residual", "soft_bend", "log_bend"),
    "log-softmax": ("J_log_soft",),
    "logistic": ("J_sigmoid",),
    "minibatch": ("batch_W", "batch_b", "batch_mean"),
    "mse": ("MSE_row",),
    "penalty": ("L2", "L2_W", "L2_b"),
    "product-rule": ("product_n", "product_d"),
    "sigmoid": ("J_sigmoid",),
    "silu": ("J_silu",),
    "simplified": ("J_W_hat",),
    "softmax": ("J_soft",),
    "softplus": ("J_softplus",),
    "tanh": ("J_tanh",),
    "weights": ("J_W_L", "J_W_Z"),
}
"""What a reader types who does not know an id yet."""

MISSPELT = 0.8
"""How alike, by difflib's measure, a word must be to a topic to stand for it: one letter of five is wrong."""

Match = Callable[[Derivation, str], bool]


class UnknownNameError(ValueError):
    """No derivation has this name."""


def find(name: str, derivations: Sequence[Derivation]) -> tuple[Derivation, ...]:
    """The derivations of the first reading of a name that fits any."""
    for fits in READINGS:
        found = tuple(d for d in derivations if fits(d, _folded(name)))
        if found:
            return found
    raise UnknownNameError(_unknown(name, derivations))


def _has_id(derivation: Derivation, name: str) -> bool:
    return _folded(derivation.id) == name


def _has_topic(derivation: Derivation, name: str) -> bool:
    return derivation.id in TOPICS.get(name, ())


def _has_part(derivation: Derivation, name: str) -> bool:
    return any(_has_id(part, name) for part in derivation.parts)


def _is_erratum(derivation: Derivation, name: str) -> bool:
    """Whether it refutes what a note prints in this row, or is about nothing but that, as E-14b is."""
    if _folded(derivation.id).startswith(name) and _settles_row(derivation, name):
        return True
    return any(_folded(printed.row) == name for printed in derivation.misprints)


def _settles_row(derivation: Derivation, name: str) -> bool:
    return any(_folded(row) == name for part in derivation.parts for row in part.rows)


READINGS: tuple[Match, ...] = (_has_id, _has_topic, _has_part, _is_erratum, _settles_row)


def _folded(name: str) -> str:
    """A name without what a reader need not remember: capitals, and which of _ - and blank joins words."""
    return name.strip().casefold().replace("_", "-").replace(" ", "-")


def _unknown(name: str, derivations: Sequence[Derivation]) -> str:
    for row, reason in LEFT_OUT.items():
        if _folded(row) == _folded(name):
            return f"{row} has no derivation: {reason}"
    close = _close(name, [d.id for d in derivations])
    question = f"; did you mean {', '.join(close)}?" if close else "."
    return f'no derivation {name!r}{question} "python -m derivations" lists all {len(derivations)}.'


def _close(name: str, known: Collection[str]) -> list[str]:
    """The ids of a topic that is misspelt, and the ids that are written like the name."""
    topics = get_close_matches(_folded(name), TOPICS, n=1, cutoff=MISSPELT)
    alike = get_close_matches(_bare(name), set(map(_bare, known)), n=2)
    suggested = [i for topic in topics for i in TOPICS[topic] if i in known]
    return list(dict.fromkeys(suggested + [i for word in alike for i in known if _bare(i) == word]))


def _bare(name: str) -> str:
    """A name without the signs between its words."""
    return "".join(filter(str.isalnum, name.casefold()))
