"""Report → the blocks of a page that one would send to a team."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from with_tracking.history.figures import change, count, dollars, duration, percent, signed_percent
from with_tracking.history.pages import Bars, Block, Heading, Paragraph, Table, Tiles
from with_tracking.history.patterns import Recurring
from with_tracking.history.procedure_rates import Rate
from with_tracking.history.report import Ranked, Report, Work
from with_tracking.history.timeline import Sums, priced

OUTCOMES = {
    "commit_made": "committed",
    "pushed": "pushed",
    "pr_created": "pull request made",
    "issue_closed": "issue closed",
    "tests_passed": "tests passed",
    "tests_failed": "tests failed",
}
"""What the outcomes of sessions are called: `committed in 3`, that is, in so many sessions."""


def title_of(report: Report) -> str:
    """Return the page's title, with the first and the last day."""
    first = report.since.astimezone().date() if report.since else report.days[0].start if report.days else None
    last = report.until.astimezone().date()
    return "AI coding sessions" + (f", {first:%d %B %Y} to {last:%d %B %Y}" if first else f" until {last:%d %B %Y}")


def blocks_of(report: Report) -> Iterator[Block]:
    """Yield the page's blocks."""
    if not report.total.sessions:
        yield Paragraph("There were no sessions.")
        return
    yield Tiles(list(_figures(report)))
    if len(report.days) > 1:
        yield Bars("sessions per day", [(f"{day.start:%a %d %b}", float(day.sums.sessions)) for day in report.days])
    yield from _worked_on(report.work)
    yield from _cost("assistant", report.by_provider)
    yield from _cost("model", report.by_model)
    yield from _failures(report)
    yield from _ranked("The slowest sessions", "Time", report.slowest, duration)
    yield from _ranked("The costliest sessions", "Cost", report.costliest, dollars)
    yield from _rates("What works best", report.best)
    yield from _rates("What fails most", report.worst)
    if report.best or report.worst:
        yield Paragraph(
            "Procedures, and prompts that are none, used more than once, in the order of the nearer end of their range "
            "(95 %): a few sessions say little.",
            note=True,
        )


def _figures(report: Report) -> Iterator[tuple[str, str, str]]:
    total, before = report.total, report.before
    yield "Sessions", f"{total.sessions:,}", _against(before.sessions if before else None, total.sessions)
    if total.success_rate is not None:
        earlier = "" if before is None or before.success_rate is None else f"before: {percent(before.success_rate)}"
        yield "Ended well", percent(total.success_rate), earlier
    if total.seconds is not None:
        yield "Time", duration(total.seconds), _against(before.seconds if before else None, total.seconds)
    yield "Commands", f"{total.commands:,}", f"{total.commands_failed:,} failed"
    yield "Errors", f"{total.errors:,}", _against(before.errors if before else None, total.errors)
    if total.tokens is not None:
        yield "Tokens", count(total.tokens), _against(before.tokens if before else None, total.tokens)
    if total.cost_usd is not None:
        notes = (_against(before.cost_usd if before else None, total.cost_usd), priced(total))
        yield "Cost", dollars(total.cost_usd), ", ".join(filter(None, notes))


def _against(before: float | None, now: float) -> str:
    changed = signed_percent(change(before, now))
    return f"{changed} against before" if changed else ""


def _worked_on(work: Sequence[Work]) -> Iterator[Block]:
    if not work:
        return
    yield Heading("What was worked on")
    yield Table(
        ("Repository", "Branches", "Issues", "Outcome", "Sessions", "Well", "Time", "Cost"),
        [
            (
                each.repo,
                ", ".join(each.branches),
                ", ".join(f"#{number}" for number in each.issues[:12]) + (" …" if len(each.issues) > 12 else ""),
                ", ".join(f"{OUTCOMES.get(name, name)} in {times}" for name, times in each.outcomes.items()),
                *_sums(each.sums),
            )
            for each in work
        ],
        texts=4,
    )
    if any(each.outcomes for each in work):
        yield Paragraph("Outcomes are counted by sessions: tests failed in 3 means in 3 sessions.", note=True)


def _sums(some: Sums) -> tuple[str, str, str, str]:
    return count(some.sessions), percent(some.success_rate), _duration(some.seconds), _dollars(some.cost_usd)


def _cost(what: str, groups: Mapping[str, Sums]) -> Iterator[Block]:
    if not groups:
        return
    yield Heading(f"By {what}")
    titles = (what.capitalize(), "Sessions", "Well", "Time", "Cost", "Errors", "Tokens")
    rows = [
        (name, *_sums(some), count(some.errors), "" if some.tokens is None else count(some.tokens))
        for name, some in groups.items()
    ]
    yield Table(titles, rows)


def _failures(report: Report) -> Iterator[Block]:
    if not (report.errors or report.commands):
        return
    yield Heading("Failures that keep coming back")
    for title, found in (("Error", report.errors), ("Command that failed", report.commands)):
        if found:
            yield Table((title, "What fixed it", "Sessions", "Times"), [_failure(each) for each in found], texts=2)
    yield Paragraph(
        "The same error or command in more than one session; N stands for numbers, … for folders. What fixed it is "
        "what was last changed before the same command succeeded.",
        note=True,
    )


def _failure(each: Recurring) -> tuple[str, str, str, str]:
    fixes = "; ".join(f"{fix.what} ({fix.count}×)" for fix in each.fixes[:2])
    return each.text, fixes, str(len(each.sessions)), str(each.count)


def _ranked(title: str, column: str, found: Sequence[Ranked], shown: Callable[[float], str]) -> Iterator[Block]:
    if found:
        yield Heading(title)
        rows = [(each.session_id, each.prompt or "", each.assistant or "", shown(each.value)) for each in found]
        yield Table(("Session", "Asked", "With", column), rows, texts=3)


def _rates(title: str, rates: Sequence[Rate]) -> Iterator[Block]:
    if rates:
        yield Heading(title)
        titles = ("Procedure or prompt", "Well", "Of", "Range", "Time (median)", "Cost (median)")
        yield Table(titles, [_rate(rate) for rate in rates])


def _rate(rate: Rate) -> tuple[str, ...]:
    likely = "–".join(percent(end) for end in rate.interval)
    return rate.name, percent(rate.rate), str(rate.n), likely, _duration(rate.seconds), _dollars(rate.cost_usd)


def _duration(seconds: float | None) -> str:
    return "" if seconds is None else duration(seconds)


def _dollars(amount: float | None) -> str:
    return "" if amount is None else dollars(amount)
