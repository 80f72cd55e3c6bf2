"""Frames of programs that draw their conversation in the alternate screen, where nothing ever scrolls off.

Such a program shows a window on a text of its own, between rows that stay (a title or the prompt in view above, the
composer and a status line below), and redraws the cells that differ. So each frame is laid on the document by its top
rows: they tell how far the window has moved, whatever changed, grew or opened below them. Neither the frame before nor
the majority of rows can tell: composer and footer stay where they are and outvote a scroll.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from parsers.alignment import SHORT, letters_of
from parsers.document import PROBE, Document, SegmentKind
from parsers.emulator import Row, without_scrollbar
from parsers.frames import Frame, without_blank_end
from parsers.story import Part, Story

HEADER = 4  # rows at the top that may be sticky; they are not written once the text has scrolled
TOP = 8  # rows with letters that are looked up
SURE = 3  # rows with letters that, untouched, show that the window did not move
SCREENS = 3  # screens back in which a frame is looked for
MISMATCH = 8  # letters that a row which differs costs
GIVE_UP = 3  # such rows
KNOWN = 0.7  # of the height: rows known down to there were scrolled back to


@dataclass(frozen=True, slots=True)
class _Fit:
    """A frame laid on a document: its row 0 is line `offset`, `row` the first that fits, `known` where it still did."""

    offset: int
    row: int
    known: int
    score: float
    proven: int  # letters that fit and are not part of the banner


def follow(story: Story, frame: Frame, *, resized: bool) -> None:
    """Write a frame of the alternate screen."""
    part = story.current
    document = part.document
    rows = without_blank_end([without_scrollbar(row, frame.cols) for row in frame.rows])
    if not document.lines:
        document.rewrite(0, rows, frame.seconds, frame.cols)
    elif resized and _rewrap(document, rows, frame):
        pass
    elif _top_untouched(rows, frame.touched):
        _patch(document, rows, frame)
    else:
        _lay(story, document, rows, frame)
    story.current.document.learn_banner(rows)


def _top_untouched(rows: Sequence[Row], touched: Sequence[int]) -> bool:
    top = [number for number, row in enumerate(rows) if number >= HEADER and row.letters][:SURE]
    return len(top) == SURE and touched[0] >= HEADER and not any(number in touched for number in top)


def _patch(document: Document, rows: Sequence[Row], frame: Frame) -> None:
    if document.view < document.base:
        return  # scrolled back
    for number in frame.touched:
        row = rows[number] if number < len(rows) else frame.rows[number]
        document.patch(document.base + number, row, frame.seconds, frame.cols)
    document.trim(document.base)


def _lay(story: Story, document: Document, rows: Sequence[Row], frame: Frame) -> None:
    fit = _best_fit(document, rows, len(frame.rows))
    if fit is None or (not fit.proven and _much_vanishes(document)):
        _begin(story, rows, frame)
        return
    document.view = fit.offset
    if fit.offset < document.base and fit.known >= KNOWN * len(frame.rows):
        return  # scrolled back
    scrolled = fit.offset > 0
    first = max(fit.row, HEADER) if scrolled else 0
    document.base = fit.offset
    document.rewrite(fit.offset + first, rows[first:], frame.seconds, frame.cols)


def _best_fit(document: Document, rows: Sequence[Row], height: int) -> _Fit | None:
    best: _Fit | None = None
    tried: set[int] = set()
    for row, offset in _proposals(document, rows, height):
        if offset in tried:
            continue
        tried.add(offset)
        fit = _fit(document, rows, row, offset)
        if fit.score > 0 and (best is None or fit.score > best.score):
            best = fit
    return best


def _proposals(document: Document, rows: Sequence[Row], height: int) -> Iterator[tuple[int, int]]:
    """Propose offsets: the present one, then those that the top rows suggest by their letters."""
    floor = document.base - SCREENS * height
    top = [number for number, row in enumerate(rows) if len(row.letters) >= 2][:TOP]
    for number in top:
        at = document.base + number
        if 0 <= at < len(document.lines) and document.lines[at].row.letters == rows[number].letters:
            yield number, document.base
    for number in top:
        for line in reversed(document.positions(rows[number].letters)):
            if line < floor:
                break
            if document.lines[line].row.letters == rows[number].letters and line - number > -HEADER:
                yield number, line - number


def _fit(document: Document, rows: Sequence[Row], row: int, offset: int) -> _Fit:
    """Go down from a row that fits as long as rows do, or differ only here and there."""
    score, misses, known, proven = 0.0, 0, row, 0
    lines, banner = document.lines, document.banner
    for number in range(row, len(rows)):
        at = offset + number
        if at >= len(lines):
            break
        letters, was = rows[number].letters, lines[at].row.letters
        if letters == was:
            if letters:
                score += len(letters)
                known = number
                proven += 0 if letters in banner else len(letters)
        else:
            score -= MISMATCH
            misses += 1
            if misses > GIVE_UP:
                break
    return _Fit(offset, row, known, score, proven)


def _much_vanishes(document: Document) -> bool:
    lines = document.lines[max(document.base, 0) :]
    return sum(1 for line in lines if line.row.letters and line.row.letters not in document.banner) > GIVE_UP


def _begin(story: Story, rows: Sequence[Row], frame: Frame) -> None:
    fresh = Document(story.current.document.banner)
    fresh.rewrite(0, rows, frame.seconds, frame.cols)
    story.begin(Part(fresh, SegmentKind.FULL_SCREEN, frame.seconds))


def _rewrap(document: Document, rows: Sequence[Row], frame: Frame) -> bool:
    """After a resize, find the frame's letters among the document's, cut there, even in mid-line, and append it."""
    begin = max(0, document.base - SCREENS * len(frame.rows))
    stream = letters_of(line.row for line in document.lines[begin:])
    best, place = 0, (0, 0)
    for number in [number for number, row in enumerate(rows) if len(row.letters) >= SHORT][:TOP]:
        text = letters_of(rows[number:])
        at = stream.find(text[:PROBE])
        while at >= 0:
            length = _common(stream, at, text)
            if length >= best:
                best, place = length, (number, at)
            at = stream.find(text[:PROBE], at + 1)
    if best < PROBE:
        return False
    row, at = place
    line = document.cut_inside(begin, at)
    document.rewrite(line, rows[row:], frame.seconds, frame.cols, repaint=True)
    document.base = document.view = line - row
    return True


def _common(stream: str, at: int, text: str) -> int:
    """Return how many letters of a text stand in a stream at a place."""
    low, high = 0, min(len(text), len(stream) - at)
    while low < high:
        middle = (low + high + 1) // 2
        if stream.startswith(text[:middle], at):
            low = middle
        else:
            high = middle - 1
    return low
