"""Laying a frame of the alternate screen on a document: where it fits, how well, and what it would overwrite there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import ceil

import msgspec

from parsers.replay.alignment import SHORT
from parsers.replay.document import PROBE, Document, DocumentLine
from parsers.replay.rows import Row
from parsers.replay.vanished import MOMENT, words_of

HEADER = 4  # rows at the top that may be sticky; they are not written once the text has scrolled
TOP = 8  # rows with letters that are looked up
SCREENS = 3  # screens back in which a frame is looked for
MISMATCH = 8  # letters that a row which differs costs
GIVE_UP = 3  # such rows
ALIKE = 12  # letters by which the beginning of a row is recognised that has a dialog on its end
UPPER = 0.66  # of the height: below that are composer and footer
AT_ONCE = 3.0  # seconds in which a dialog is drawn
LIVE = 7  # rows at the bottom that may be spinner, composer and footer
COMPOSER = 4  # rows at the bottom by which composer and footer are known
KNOWN = 0.7  # of the height: rows known down to there were scrolled back to
NEW = 2  # rows below those that are not known; one may be a hint at how to get back


def upper(height: int) -> float:
    """Return the row from which on spinner, composer and footer may stand; on a low screen they take more of it."""
    return min(height * UPPER, height - LIVE)


class Fit(msgspec.Struct, frozen=True, gc=False):
    """A frame laid on a document: its row 0 is line `offset`, `row` the first that fits, `known` where it still did."""

    offset: int
    row: int
    known: int
    score: int
    proven: int  # letters that fit and are not part of the banner


def best_fit(document: Document, rows: Sequence[Row], height: int) -> Fit | None:
    """Return the best place of a frame in a document, None if it has none or would lose much there."""
    fits = sorted(_fits(document, rows, height), key=lambda fit: -fit.score)
    fit = _by_its_top(document, rows, fits, height) if fits else None
    if fit is None or scrolled_back(document, rows, fit, height):
        return fit
    return None if _loses_much(document, rows, fit, height) else fit


def _by_its_top(document: Document, rows: Sequence[Row], fits: Sequence[Fit], height: int) -> Fit:
    """Return the fit of the rows above the best one, if there is more or less between the two than before.

    A dialog below may be taller than what stayed of the text. Rows that may be sticky tell nothing, unless the best is
    what stood in the composer: a long prompt, which leaves it for the text. Sticky rows are from above the window, and
    nothing is above them: one below an empty row that tells that the text went on is none.
    """
    best = fits[0]
    submitted = best.offset + best.row >= lower_third(document, height)
    for fit in fits:
        forward = document.base < fit.offset and fit.proven >= PROBE and not rows[0].letters
        telling = fit.known >= HEADER or forward or (submitted and fit.offset == document.base)
        above = fit.row - forward < fit.known < best.row
        if above and telling and abs(fit.offset - best.offset) <= height:
            return fit
    return best


def scrolled_back(document: Document, rows: Sequence[Row], fit: Fit, height: int) -> bool:
    """Tell whether a person looks at earlier text: composer and footer stay meanwhile.

    When a tall dialog closes, the window moves back as well, but then they come where the dialog was. It also does when
    what ran takes fewer rows now that it is done, but then new text follows.
    """
    if fit.offset >= document.base or fit.known < int(KNOWN * height) or not same_below(document, rows, height):
        return False
    below = range(fit.known, len(rows) - COMPOSER)
    return sum(_is_new(document, rows[number], (fit.offset + number, document.base + number)) for number in below) < NEW


def _is_new(document: Document, row: Row, places: Iterable[int]) -> bool:
    """Tell whether a row says what none of these lines says."""
    told = [words_of(document.lines[line].row) for line in places if line < len(document.lines)]
    return bool(row.letters) and words_of(row) not in told


def same_below(document: Document, rows: Sequence[Row], height: int) -> bool:
    """Tell whether the rows at the bottom are those of a document's last screen."""
    lines = document.lines[document.base + int(height * UPPER) : document.base + height]
    pairs = [(line.row.text, row.text) for line, row in zip(lines, rows[int(height * UPPER) :], strict=False)]
    told = [was == now for was, now in reversed(pairs) if was or now][:COMPOSER]
    return 2 * sum(told) >= len(told)


def _fits(document: Document, rows: Sequence[Row], height: int) -> Iterator[Fit]:
    """Lay a frame where it lay, and wherever its top rows suggest by their letters."""
    if (unmoved := _unmoved(document, rows, height)) is not None:
        yield unmoved
    tried = {document.base}
    floor = document.base - SCREENS * height
    above = rows[: ceil(upper(height))]  # what is pinned to the bottom of an empty window tells nothing of it
    for number in [number for number, row in enumerate(above) if len(row.letters) >= 2][:TOP]:
        for line in reversed(document.positions(rows[number].letters)):
            if line < floor:
                break
            offset = line - number
            if offset not in tried and document.lines[line].row.letters == rows[number].letters:
                tried.add(offset)
                fit = _moved(document, rows, number, offset)
                if fit.score > 0 and fit.proven:
                    yield fit


def _unmoved(document: Document, rows: Sequence[Row], height: int) -> Fit | None:
    """Compare a frame with what the window showed last: some rows fit if it only changed, or a dialog lies on it.

    The lower third does not count, composer and footer stay there whatever happens. Of a row with a dialog on it, the
    beginning still fits.
    """
    score = fitting = others = known = 0
    first, proven = len(rows), 0
    end = upper(height)
    for number in range(HEADER if document.base > 0 else 0, min(len(rows), len(document.lines) - document.base)):
        was, letters = document.lines[document.base + number].row.letters, rows[number].letters
        if not was or not letters:
            continue
        if _begin_alike(letters, was):
            same = letters == was
            fitting += number < end
            proven += min(len(letters), len(was)) if letters not in document.banner else 0
            score += len(letters) if same and number < end else 0
            known, first = (number, min(first, number)) if same else (known, first)
        elif number < end:
            others += 1
            score -= MISMATCH // 2
    if not fitting or 3 * fitting < others or first == len(rows):
        return None
    return Fit(document.base, first, known, max(score, 1), proven)


def _begin_alike(one: str, other: str) -> bool:
    length = min(len(one), len(other), ALIKE)
    return length >= SHORT and one[:length] == other[:length]


def _moved(document: Document, rows: Sequence[Row], row: int, offset: int) -> Fit:
    """Go down from a row that fits as long as rows do, or differ only here and there.

    One row alone that may be sticky is hardly a fit.
    """
    banner = document.banner
    score = -MISMATCH * sum(1 for above in rows[:row] if above.letters)
    best, known, misses, proven = score, row, 0, 0
    lines = document.lines[offset + row : offset + len(rows)]
    for number, (shown, line) in enumerate(zip(rows[row:], lines, strict=False), row):
        letters = shown.letters
        if letters == line.row.letters:
            if letters:
                score += len(letters)
                known = number
                proven += 0 if letters in banner else len(letters)
                best = max(best, score)
        else:
            score -= MISMATCH
            misses += 1
            if misses > GIVE_UP:
                break
    return Fit(offset, row, known, min(best, 1) if offset > 0 and row == known < HEADER else best, proven)


def _loses_much(document: Document, rows: Sequence[Row], fit: Fit, height: int) -> bool:
    """Tell whether a frame that hardly fits would overwrite text that it does not show, a dialog aside."""
    begin = max(0, fit.offset + fit.row)
    gone = not_shown(document, rows, begin, min(_dialog(document, rows, begin), lower_third(document, height)))
    if len(gone) <= GIVE_UP or (fit.known >= HEADER and fit.proven and _at_once(gone)):
        return False
    return 4 * fit.proven < sum(len(line.row.letters) for line in gone)


def _at_once(lines: Sequence[DocumentLine]) -> bool:
    """Tell whether lines appeared as a dialog does."""
    return max(line.seconds for line in lines) - min(line.seconds for line in lines) <= AT_ONCE


def not_shown(document: Document, rows: Sequence[Row], begin: int, end: int) -> list[DocumentLine]:
    """Return the lines from `begin` to `end` that a frame does not show, but for the banner's."""
    shown = {row.letters[:PROBE] for row in rows}
    return [
        line
        for line in document.lines[begin:end]
        if line.row.letters and line.row.letters not in document.banner and line.row.letters[:PROBE] not in shown
    ]


def lower_third(document: Document, height: int) -> int:
    """Return the line where the lower third of the screen begins: spinner, composer and footer come and go there."""
    return document.base + int(height * UPPER)


def _dialog(document: Document, rows: Sequence[Row], begin: int) -> int:
    """Find where a dialog that a frame closes begins: it came at once, and stood where the composer stands again."""
    shown = {row.letters[:PROBE] for row in rows}
    first, came = len(document.lines), None
    for number in range(len(document.lines) - 1, begin - 1, -1):
        line = document.lines[number]
        if line.row.letters:
            came = line.seconds if came is None else came
            if line.row.letters[:PROBE] in shown or abs(line.seconds - came) > MOMENT:
                break
            first = number
    return first
