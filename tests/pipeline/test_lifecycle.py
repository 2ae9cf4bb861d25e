import pytest

from pipeline.errors import IllegalTransitionError
from pipeline.lifecycle import TRANSITIONS, next_state
from pipeline.report import ReportState

S = ReportState
ALL_PAIRS = [(current, wanted) for current in (None, *S) for wanted in S]


def test_the_usual_life() -> None:
    state: ReportState | None = None
    for wanted in (S.TEMPORARY, S.FINAL, S.EXPORTED, S.EXPIRED):
        state = next_state(state, wanted)
        assert state is wanted


@pytest.mark.parametrize("pair", ALL_PAIRS)
def test_every_pair_is_either_in_the_table_or_an_error_that_names_both(
    pair: tuple[ReportState | None, ReportState],
) -> None:
    current, wanted = pair
    if pair in TRANSITIONS:
        assert next_state(current, wanted) is TRANSITIONS[pair]
    else:
        with pytest.raises(IllegalTransitionError) as error:
            next_state(current, wanted)
        assert wanted.value in str(error.value)
        assert ("not stored" if current is None else current.value) in str(error.value)


def test_nothing_leaves_expired() -> None:
    assert not [pair for pair in TRANSITIONS if pair[0] is S.EXPIRED]


def test_a_verdict_is_never_turned_into_another() -> None:
    verdicts = (S.FINAL, S.DUPLICATE, S.REJECTED)
    turned = [(a, b) for a in verdicts for b in verdicts if a is not b and (a, b) in TRANSITIONS]
    # The exceptions take an accusation back: a plate read late is one that may stand there.
    assert turned == [(S.FINAL, S.REJECTED), (S.DUPLICATE, S.REJECTED)]


def test_nothing_goes_back_to_temporary() -> None:
    assert {a for (a, b) in TRANSITIONS if b is S.TEMPORARY} == {None, S.TEMPORARY}


def test_a_departure_after_the_export_leaves_the_report_exported() -> None:
    assert next_state(S.EXPORTED, S.FINAL) is S.EXPORTED


def test_only_final_reports_are_exported() -> None:
    assert {a for (a, b) in TRANSITIONS if b is S.EXPORTED} == {S.FINAL, S.EXPORTED}
