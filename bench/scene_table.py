"""The figures of `gotcha bench scenes` as tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from bench.event_scoring import Score, total

if TYPE_CHECKING:
    from bench.scenes import SceneResult

LEAST_F1, LEAST_EXACT = 0.98, 0.99


def goals_met(results: Sequence[SceneResult]) -> bool:
    """F1 of at least 0.98 at every dwell, nothing doubled, 99 % of readable plates exact, none wrong."""
    results = _ordinary(results)
    by_dwell = [total(r.events[d] for r in results) for d in (results[0].events if results else ())]
    plates, exact = sum(r.reports.plates for r in results), sum(r.reports.exact for r in results)
    return (
        all(made.f1 >= LEAST_F1 and made.duplicates == 0 for made in by_dwell)
        and exact >= LEAST_EXACT * plates
        and not any(r.reports.wrong or r.reports.doubled or r.reports.false for r in results)
    )


def print_scenes(console: Console, results: Sequence[SceneResult], *, details: bool) -> None:
    """Print every table; with `details` also each single thing that is not as it should be."""
    names = list(dict.fromkeys(result.job.name for result in results))
    groups = [(name, [r for r in results if r.job.name == name]) for name in names]
    long = len({r.job.name for r in results if r.job.fault_s is not None})
    # The totals are of the ordinary scenes; those with long faults stand below.
    groups.insert(len(groups) - long, ("all", _ordinary(results)))
    for dwell_s in results[0].events if results else ():
        _print_events(console, dwell_s, groups)
    _print_reports(console, groups)
    _print_plates(console, groups)
    rejected = sum((Counter(r.reports.rejected) for r in results), Counter[str]())
    console.print("Rejected: " + (", ".join(f"{why} {n}" for why, n in rejected.most_common()) or "nothing"))
    frames = sum(r.frames for r in results)
    engine_s, drawing_s = sum(r.engine_cpu_s for r in results), sum(r.drawing_cpu_s for r in results)
    console.print(
        f"{len(results)} scenes, {frames} frames: "
        f"engine {1000 * engine_s / max(1, frames):.1f} ms CPU a frame, "
        f"drawing {1000 * drawing_s / max(1, frames):.1f} ms."
    )
    if details:
        for result in results:
            for line in faults(result):
                console.print(f"{result.job.name} {result.job.seed}: {line}", markup=False, highlight=False)


def _ordinary(results: Sequence[SceneResult]) -> list[SceneResult]:
    return [result for result in results if result.job.fault_s is None]


def faults(result: SceneResult) -> Iterable[str]:
    """Everything about a scene that is not as it should be, one line each."""
    for dwell_s, made in result.events.items():
        yield from (f"missed at {dwell_s:g} s: {name}" for name in made.missed)
        for box in made.false_boxes:
            yield f"false at {dwell_s:g} s: [{box.x1:.0f}, {box.y1:.0f}, {box.x2:.0f}, {box.y2:.0f}]"
        if made.duplicates:
            yield f"doubled at {dwell_s:g} s: {made.duplicates}"
        yield from (f"start off by {e:.1f} s" for e in made.start_errors if dwell_s == 3.0 and e > 2.0)
        yield from (f"end off by {e:.1f} s" for e in made.end_errors if dwell_s == 3.0 and e > 2.0)
    reports, view = result.reports, result.view
    yield from (f"report missing: {name}" for name in reports.missing)
    yield from (f"report false: {name}" for name in reports.false)
    yield from (f"report doubled: {name}" for name in reports.doubled)
    yield from (f"plate unread: {name}" for name in reports.unread)
    yield from (f"plate wrong: {name}" for name in reports.wrong)
    yield from (f"camera event missed: {name}" for name in view.missed)
    yield from (f"camera event misnamed: {name}" for name in view.misnamed)
    yield from (f"camera event false: {name}" for name in view.false)
    yield from (f"camera event not taken back: {name}" for name in view.lasting)
    yield from (f"problem: {text}" for text in result.problems)


def _print_events(console: Console, dwell_s: float, groups: list[tuple[str, list[SceneResult]]]) -> None:
    table = Table(title=f"Standing for {dwell_s:g} s or longer")
    for head in (
        "kind",
        "true",
        "found",
        "false",
        "doubled",
        "precision",
        "recall",
        "F1",
        "start s",
        "end s",
    ):
        table.add_column(head, justify="left" if head == "kind" else "right")
    for name, group in groups:
        made = total(result.events[dwell_s] for result in group)
        table.add_row(name, *_event_cells(made), style=_style(name))
    console.print(table)


def _event_cells(made: Score) -> tuple[str, ...]:
    counts = (made.true, made.found, made.false, made.duplicates)
    shares = (made.precision, made.recall, made.f1)
    errors = (_mean(made.start_errors), _mean(made.end_errors))
    return (*map(str, counts), *(f"{share:.3f}" for share in shares), *errors)


def _print_reports(console: Console, groups: list[tuple[str, list[SceneResult]]]) -> None:
    table = Table(title="Final reports")
    table.add_column("kind")
    for head in ("due", "right", "missing", "false", "doubled", "repeats suppressed", "start s"):
        table.add_column(head, justify="right")
    for name, group in groups:
        reports = [r.reports for r in group]
        counts = (
            sum(r.due for r in reports),
            sum(r.right for r in reports),
            sum(len(r.missing) for r in reports),
            sum(len(r.false) for r in reports),
            sum(len(r.doubled) for r in reports),
            sum(r.repeats for r in reports),
        )
        starts = tuple(e for r in reports for e in r.start_errors)
        table.add_row(name, *map(str, counts), _mean(starts), style=_style(name))
    console.print(table)


def _print_plates(console: Console, groups: list[tuple[str, list[SceneResult]]]) -> None:
    table = Table(title="Plates of readable size; camera events")
    table.add_column("kind")
    for head in ("plates", "exact", "unread", "wrong", "faults", "found", "misnamed", "missed", "false"):
        table.add_column(head, justify="right")
    for name, group in groups:
        reports, views = [r.reports for r in group], [r.view for r in group]
        counts = (
            sum(r.plates for r in reports),
            sum(r.exact for r in reports),
            sum(len(r.unread) for r in reports),
            sum(len(r.wrong) for r in reports),
            sum(v.due for v in views),
            sum(v.found for v in views),
            sum(len(v.misnamed) for v in views),
            sum(len(v.missed) for v in views),
            sum(len(v.false) for v in views),
        )
        if any(counts):
            table.add_row(name, *map(str, counts), style=_style(name))
    console.print(table)


def _style(name: str) -> str:
    return "bold" if name == "all" else ""


def _mean(values: Sequence[float]) -> str:
    return f"{sum(values) / len(values):.2f}" if values else "-"
