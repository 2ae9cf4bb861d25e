"""The life of a report: which state may follow which, as one table and one function."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from pipeline.errors import IllegalTransitionError
from pipeline.evidence_rule import missing_evidence
from pipeline.report import Report, ReportState

_S = ReportState

# (state now, state asked for) -> state then. What is not listed is illegal. A pair that ends in the state
# it began with is news about a report (it departed, its plate was read again), not a step of its life.
TRANSITIONS: Mapping[tuple[ReportState | None, ReportState], ReportState] = MappingProxyType(
    {
        # Judged before it was ever stored: its first revision was delayed or lies in the dead letters.
        (None, _S.TEMPORARY): _S.TEMPORARY,
        (None, _S.FINAL): _S.FINAL,
        (None, _S.DUPLICATE): _S.DUPLICATE,
        (None, _S.REJECTED): _S.REJECTED,
        (_S.TEMPORARY, _S.TEMPORARY): _S.TEMPORARY,
        (_S.TEMPORARY, _S.FINAL): _S.FINAL,
        (_S.TEMPORARY, _S.DUPLICATE): _S.DUPLICATE,
        (_S.TEMPORARY, _S.REJECTED): _S.REJECTED,
        (_S.TEMPORARY, _S.EXPIRED): _S.EXPIRED,
        (_S.FINAL, _S.FINAL): _S.FINAL,
        # A plate that was read late turns out to be one that may stand there.
        (_S.FINAL, _S.REJECTED): _S.REJECTED,
        (_S.FINAL, _S.EXPORTED): _S.EXPORTED,
        (_S.FINAL, _S.EXPIRED): _S.EXPIRED,
        (_S.DUPLICATE, _S.DUPLICATE): _S.DUPLICATE,
        # Stored as a repeat by the worker, or exported, before its plate was read and may stand there.
        (_S.DUPLICATE, _S.REJECTED): _S.REJECTED,
        (_S.EXPORTED, _S.REJECTED): _S.REJECTED,
        (_S.DUPLICATE, _S.EXPIRED): _S.EXPIRED,
        (_S.REJECTED, _S.REJECTED): _S.REJECTED,
        (_S.REJECTED, _S.EXPIRED): _S.EXPIRED,
        # The vehicle leaves after its report was exported: the departure is noted, the report stays exported.
        (_S.EXPORTED, _S.FINAL): _S.EXPORTED,
        (_S.EXPORTED, _S.EXPORTED): _S.EXPORTED,
        (_S.EXPORTED, _S.EXPIRED): _S.EXPIRED,
    }
)


def next_state(current: ReportState | None, wanted: ReportState) -> ReportState:
    """The state of a report that is in `current` (None: not stored yet) and is asked to be `wanted`.

    Raises:
        IllegalTransitionError: the table knows no such step; names both states.
    """
    try:
        return TRANSITIONS[current, wanted]
    except KeyError:
        origin = "not stored" if current is None else current.value
        raise IllegalTransitionError(f"a report that is {origin} cannot become {wanted.value}") from None


def state_with(current: ReportState | None, report: Report) -> ReportState:
    """The state of a stored report (`current`; None: not stored yet) once `report`, a revision, is stored.

    The one door to `final`: whoever stores, a report accuses only with the evidence its zone asks for.

    Raises:
        IllegalTransitionError: the table knows no such step, or evidence is missing; says which.
    """
    after = next_state(current, report.state)
    if report.state is ReportState.FINAL and (lacking := missing_evidence(report)) is not None:
        raise IllegalTransitionError(f"report {report.id} cannot be final: {lacking}")
    return after
