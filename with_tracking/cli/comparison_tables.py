"""Comparisons as a person reads them: tables of 80 columns with sizes, effects and p-values, and what they mean."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from parsers.session import Session
from with_tracking.cli.output import columns_that_fit, one_line, print_cut, print_trimmed
from with_tracking.history import statistics
from with_tracking.history.comparison import Comparison, Difference, Group, Pair
from with_tracking.history.figures import change, figure, p_value, percent, signed_percent
from with_tracking.history.progress import Progress, Step, Verdict
from with_tracking.history.rows import MAIN_METRICS, less_is_better
from with_tracking.quantities import counted

COLOURS = {Verdict.IMPROVED: "green", Verdict.WORSE: "red", Verdict.STEADY: "", Verdict.UNKNOWN: "dim"}
ARROWS = {Verdict.IMPROVED: "✓ improved", Verdict.WORSE: "✗ worse", Verdict.STEADY: "· steady"}
GROUP_TITLES = {"N": ">", "MEDIAN": ">", "MIDDLE HALF": ">", "CHANGE": ">", "EFFECT": "<", "P": "<"}
"""The columns, and on which side their cells begin."""
COMMANDS = 15
"""So many commands that only one of two sessions ran are shown."""


# --- groups -----------------------------------------------------------------------------------------------------------


def print_comparison(out: Console, found: Comparison) -> None:
    """Print the groups below success and each metric, all in the same columns, then how to read them."""
    total = counted(sum(group.n for group in found.groups), "session")
    left_out = f", {found.left_out} without a {found.by} left out" if found.left_out else ""
    groups = counted(len(found.groups), "group")
    out.print(one_line(f"{total} in {groups} by {found.by}{left_out}", "bold"))
    metrics = ["success", *(name for name in found.metrics if any(group.metrics[name] for group in found.groups))]
    parts = {metric: [(group, _cells(found, group, metric)) for group in found.groups] for metric in metrics}
    lines = [tuple(GROUP_TITLES), *(cells for rows in parts.values() for _, cells in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    longest = max(cell_len(group.name) for group in found.groups)
    widths = widths[: columns_that_fit((longest, *widths), out.width) - 1]
    left = min(longest, out.width - sum(widths) - 2 * len(widths))
    out.print()
    out.print(_line("", left, tuple(GROUP_TITLES), widths, "bold"), no_wrap=True, overflow="ellipsis")
    for metric, rows in parts.items():
        out.print(Text(metric, "bold"))
        for group, cells in rows:
            difference = found.difference(group.name, metric)
            style = "bold" if difference and difference.significant else ""
            out.print(_line(group.name, left, cells, widths, style), no_wrap=True, overflow="ellipsis")
        out.print()
    if found.differences:
        _print_legend(out, found)


def _line(name: str, left: int, cells: Sequence[str], widths: Sequence[int], style: str) -> Text:
    """Return a line of the table; the name gives way where the terminal is narrow."""
    text = one_line(name)
    text.truncate(max(left, 1), overflow="ellipsis", pad=True)
    sides = zip(cells, widths, GROUP_TITLES.values(), strict=False)  # the last have no room in a narrow terminal
    text.append("".join(f"  {cell:{side}{width}}" for cell, width, side in sides))
    text.rstrip()
    text.style = style
    return text


def _cells(found: Comparison, group: Group, metric: str) -> tuple[str, ...]:
    tested = ("", "baseline", "") if group.name == found.baseline else _tested(found.difference(group.name, metric))
    return (*_middle(group, metric), *tested)


def _middle(group: Group, metric: str) -> tuple[str, str, str]:
    if metric == "success":
        known = group.succeeded + group.failed
        return str(known), percent(group.success_rate), f"{group.succeeded} of {known}" if known else ""
    lies = group.metrics[metric]
    if lies is None:
        return "0", "", ""
    return str(lies.n), figure(metric, lies.median), f"{figure(metric, lies.low)}–{figure(metric, lies.high)}"


def _tested(difference: Difference | None) -> tuple[str, str, str]:
    if difference is None:
        return "", "", ""
    sign = "+" if difference.test.effect > 0 else "−" if difference.test.effect < 0 else "±"
    words = "" if difference.effect_size == statistics.NEGLIGIBLE else difference.effect_size
    effect = f"{sign}{abs(difference.test.effect):.2f} {words}".rstrip()
    mark = f"{'*' if difference.significant else ''}{' small' if difference.small else ''}"
    return signed_percent(difference.change), effect, f"{p_value(difference.p_corrected)}{mark}"


def _print_legend(out: Console, found: Comparison) -> None:
    lines = [
        f"MEDIAN: for success the rate. CHANGE is that from {found.baseline}'s.",
        "EFFECT: for success the difference of the rates; else Cliff's delta: how much more often a session of the",
        "group has the larger value (−1 to 1). P: Fisher's exact or Mann–Whitney U test, two-sided, corrected for",
        f"{counted(len(found.differences), 'test')} (Holm); * below {statistics.ALPHA}.",
    ]
    if any(each.small for each in found.differences):
        lines.append(
            f"small: fewer than {statistics.SMALL} sessions in one of the groups; a real difference is easily missed."
        )
    out.print(Text(" ".join(lines), "dim"))


# --- two sessions -----------------------------------------------------------------------------------------------------


def print_pair(out: Console, first: Session, second: Session, pairs: Sequence[Pair]) -> None:
    """Print two sessions beside each other, and which commands only one of them ran."""
    from with_tracking.cli.tables import name_cell, print_table, table  # rich's tables take 15 ms to load

    facts = table("", "A", "B", left=3)
    known = _facts(first, second)
    for name, a, b in known:
        facts.add_row(name, one_line(a), one_line(b), style="" if a != b else "dim")
    numbers = table("", "A", "B", "DIFFERENCE", "")
    shown = [pair for pair in pairs if pair.difference != 0 or pair.metric in MAIN_METRICS]
    for pair in shown:
        values = (figure(pair.metric, value) for value in (pair.first, pair.second))
        numbers.add_row(name_cell(pair.metric), *values, *_gap(pair))
    for column in facts.columns[1:]:  # texts: both sessions get as much
        column.max_width = max(1, (out.width - max(len(name) for name, *_ in known)) // 2 - 2)
    print_trimmed(out, facts)
    out.print()
    print_table(out, numbers)
    if len(shown) < len(pairs):
        out.print(Text(f"{len(pairs) - len(shown)} more numbers are equal.", "dim"))
    for title, one, other in (("Only in A", first, second), ("Only in B", second, first)):
        only = [command for command in dict.fromkeys(one.commands) if command not in set(other.commands)]
        if only:
            out.print()
            out.print(one_line(f"{title}: commands ({len(only)})", "bold"))
        for command in only[:COMMANDS]:
            print_cut(out, Text("  ").append_text(one_line(command)))
        if len(only) > COMMANDS:
            out.print(f"  … and {len(only) - COMMANDS} more")


def _facts(first: Session, second: Session) -> list[tuple[str, str, str]]:
    asked = [session.user_prompts[0] if session.user_prompts else "" for session in (first, second)]
    facts = [
        ("session", first.session_id, second.session_id),
        ("asked", asked[0], asked[1]),
        ("assistant", first.provider, second.provider),
        ("model", first.model or "", second.model or ""),
        ("branch", first.git.branch or "", second.git.branch or ""),
        ("ended", _ended(first), _ended(second)),
        ("outcome", _outcomes(first), _outcomes(second)),
    ]
    return [fact for fact in facts if fact[1] or fact[2]]


def _outcomes(session: Session) -> str:
    return ", ".join(session.outcomes).replace("_", " ")


def _ended(session: Session) -> str:
    return {True: "well", False: "badly", None: "not known"}[session.success]


def _gap(pair: Pair) -> tuple[Text, str]:
    if pair.difference is None:
        return Text(), ""
    if pair.difference == 0:
        return Text("=", "dim"), ""
    sign = "+" if pair.difference > 0 else "−"
    colour = ("red" if pair.difference > 0 else "green") if less_is_better(pair.metric) else ""
    return Text(sign + figure(pair.metric, abs(pair.difference)), colour), signed_percent(pair.change)


# --- the latest -------------------------------------------------------------------------------------------------------


def print_progress(out: Console, found: Progress) -> None:
    """Print the verdict and what it rests on."""
    from with_tracking.cli.tables import name_cell, print_table, table  # rich's tables take 15 ms to load

    procedure = found.procedure or "without a procedure"
    title = one_line(f"{procedure}: {found.latest} against the {len(found.previous)} before it:", "bold")
    out.print(title.append(" ").append(found.verdict, f"bold {COLOURS[found.verdict]}".strip()))
    steps = table("", "LATEST", "BEFORE", "CHANGE", "OF", "VERDICT")
    for step in found.steps:
        steps.add_row(name_cell(step.metric), *_step(step))
    print_table(out, steps)
    if found.small:
        size = counted(len(found.previous), "session")
        note = f"BEFORE is the median. A small sample: {size}; one more may turn it round."
        out.print(Text(note, "dim"))


def _step(step: Step) -> tuple[str | Text, ...]:
    verdict = step.verdict
    shown = Text("") if verdict is None else Text(ARROWS[verdict], COLOURS[verdict])
    moved = change(step.previous, step.latest)
    latest = ("well" if step.latest else "badly") if step.metric == "success" else figure(step.metric, step.latest)
    return latest, figure(step.metric, step.previous), signed_percent(moved), str(step.n), shown
