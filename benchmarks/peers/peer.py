"""A peer: another library, and every route by which it can answer each question."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal, TypeAlias

from ..agreement import rounding
from ..comparison import Candidate, Run
from ..workloads import Workload

Question: TypeAlias = Literal[
    "gradient",
    "input_jacobian",
    "weight_jacobians",
    "jvp",
    "vjp",
    "diagonal",
    "gradient_norms",
    "tangent_kernel",
]
Route: TypeAlias = Callable[[Workload], Run]

DENSE_ROUTES = {("diagonal", "vmap(grad)"), ("gradient_norms", "vmap(grad)")}
"""These make the dense tensors and reduce them afterwards: to beat them is a claim about memory."""


@dataclass(frozen=True)
class Peer:
    """A library that is installed; it is imported when the first run of it is prepared.

    Attributes
    ----------
    name, version : str
        Of the library.
    routes : mapping
        {question: {route: workload to run}}, the usual route of each question first. A run returns
        {name: array} in this library's shapes; all that is done only once (copies of the workload,
        compiling, the first call) is done before it is handed over.
    """

    name: str
    version: str
    routes: Mapping[Question, Mapping[str, Route]]

    def prepared(self, question: Question, work: Workload) -> dict[str, Callable[[], Run]]:
        """{"torch jacrev": the call that prepares the run, ...} for every route to the answer."""
        return {f"{self.name} {route}": partial(run, work) for route, run in self.routes[question].items()}

    def candidates(self, question: Question, work: Workload, dense_bytes: int = 0) -> list[Candidate]:
        """One for every route to the answer; `dense_bytes` is what the answer itself holds."""
        prepared = zip(self.routes[question], self.prepared(question, work).items(), strict=True)
        return [
            Candidate(
                name,
                prepare,
                rounding(work.dtype),
                dense_bytes=dense_bytes,
                role="peer",
                label="memory claim: dense route" if (question, route) in DENSE_ROUTES else "same answer",
            )
            for route, (name, prepare) in prepared
        ]
