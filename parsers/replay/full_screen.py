"""Frames of programs that draw their conversation in the alternate screen, where nothing ever scrolls off.

Such a program shows a window on a text of its own, between rows that stay (a title or the prompt in view above, the
composer and a status line below), and redraws the cells that differ. So each frame is laid on the document by its top
rows: they tell how far the window has moved, whatever changed, grew or opened below them. Neither the frame before nor
the majority of rows can tell: composer and footer stay where they are and outvote a scroll.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from parsers.replay.alignment import SHORT, letters_of
from parsers.replay.document import PROBE, Document, DocumentLine, SegmentKind
from parsers.replay.frames import Frame, without_blank_end
from parsers.replay.rows import Row
from parsers.replay.story import Part, Story
from parsers.replay.vanished import MOMENT

HEADER = 4  # rows at the top that may be sticky; they are not written once the text has scrolled
TOP = 8  # rows with letters that are looked up
SURE = 3  # rows with letters that, untouched, show that the window did not move
SCREENS = 3  # screens back in which a frame is looked for
MISMATCH = 8  # letters that a row which differs costs
GIVE_UP = 3  # such rows
ALIKE = 12  # letters by which the beginning of a row is recognised that has a dialog on its end
UPPER = 0.66  # of the height: below that are composer and footer
AT_ONCE = 3.0  # seconds in which a dialog is drawn
CERTAIN = 32  # letters that fit, to go back to an older part
COMPOSER = 4  # rows at the bottom by which composer and footer are known
KNOWN = 0.7  # of the height: rows known down to there were scrolled back to


@dataclass(frozen=True, slots=True)
class _Fit:
    """A frame laid on a document: its row 0 is line `offset`, `row` the first that fits, `known` where it still did."""

    offset: int
    row: int
    known: int
    score: int
    proven: int  # letters that fit and are not part of the banner


def follow(story: Story, frame: Frame, *, resized: bool) -> None:
    """Write a frame of the alternate screen."""
    part = story.current
    document = part.document
    rows = without_blank_end(frame.rows)
    if not document.lines:
        document.rewrite(0, rows, frame.seconds, frame.cols)
    elif resized and _rewrap(story, rows, frame):
        pass
    elif frame.touched[0] >= len(frame.rows) * UPPER or _top_untouched(rows, frame.touched):
        _patch(document, rows, frame)
    else:
        _lay(story, document, rows, frame)
    story.current.document.learn_banner(rows)


def _top_untouched(rows: Sequence[Row], touched: Sequence[int]) -> bool:
    """Tell whether enough rows at the top are as they were, and not only such as may be sticky."""
    end = next((number for number in touched if number < len(rows) and rows[number].letters), len(rows))
    top = [number for number, row in enumerate(rows[:end]) if row.letters]
    return touched[0] >= HEADER and len(top) >= SURE and top[-1] >= HEADER


def _patch(document: Document, rows: Sequence[Row], frame: Frame) -> None:
    if document.view < document.base:
        return  # scrolled back
    for number in frame.touched:
        row = rows[number] if number < len(rows) else frame.rows[number]
        document.patch(document.base + number, row, frame.seconds, frame.cols)
    document.trim(document.base)


def _lay(story: Story, document: Document, rows: Sequence[Row], frame: Frame) -> None:
    height = len(frame.rows)
    fit = _best_fit(document, rows, height)
    if fit is None:
        known = story.recent(SegmentKind.FULL_SCREEN)
        older, fit = _fit_older(known[1:], rows, height)
        known_text = _all_known(story.documents(SegmentKind.FULL_SCREEN), rows, height)
        if (known_text and (fit is None or document.base > 0)) or (fit and fit.offset < older.base):
            document.view = -height  # scrolled back to before this part
            return
        if fit is None or (document.base > 0 and older.base == 0):  # a text that scrolled lies on no page that did not
            _turn_page(story, document, rows, frame)
            return
        story.go_back(older, SegmentKind.FULL_SCREEN, rows, frame.seconds)
        document = older
    document.view = fit.offset
    if _scrolled_back(document, rows, fit, height):
        return
    first = max(fit.row, HEADER) if fit.offset > 0 else 0
    if fit.offset == document.base:
        for number in [number for number in frame.touched if HEADER <= number < first and rows[number].letters]:
            document.patch(fit.offset + number, rows[number], frame.seconds, frame.cols)
    document.move_base(max(0, fit.offset))  # less than 0: something came in above the first line
    document.rewrite(document.base + first, rows[first:], frame.seconds, frame.cols)


def _fit_older(documents: Sequence[Document], rows: Sequence[Row], height: int) -> tuple[Document, _Fit | None]:
    for document in documents:
        fit = _best_fit(document, rows, height)
        if fit and fit.proven >= CERTAIN:
            return document, fit
    return Document(), None


def _all_known(documents: Sequence[Document], rows: Sequence[Row], height: int) -> bool:
    """Tell whether a frame shows nothing new above composer and footer, even if it is wrapped otherwise."""
    upper = [row.letters for row in rows[HEADER : int(height * UPPER)] if len(row.letters) >= SHORT]
    unknown = [letters for letters in upper if not any(document.positions(letters) for document in documents)]
    if unknown and len(upper) >= SURE:
        stream = " ".join(letters_of(line.row for line in document.lines) for document in documents)
        unknown = [letters for letters in unknown if letters[: 2 * PROBE] not in stream]
    known = len(upper) - len(unknown)
    return known >= SURE and known >= 8 * len(unknown)


def _turn_page(story: Story, document: Document, rows: Sequence[Row], frame: Frame) -> None:
    """Write a frame that shows nothing of what is known. If that is little it goes; else a new part begins."""
    if len(_gone(document, rows, max(0, document.base), _lower(document, len(frame.rows)))) > GIVE_UP:
        _begin(story, rows, frame)
    else:
        document.rewrite(document.base, rows, frame.seconds, frame.cols)


def _best_fit(document: Document, rows: Sequence[Row], height: int) -> _Fit | None:
    fits = sorted(_fits(document, rows, height), key=lambda fit: -fit.score)
    fit = _by_its_top(fits[0], fits, height) if fits else None
    if fit is None or _scrolled_back(document, rows, fit, height):
        return fit
    return None if _loses_much(document, rows, fit, height) else fit


def _by_its_top(best: _Fit, fits: Sequence[_Fit], height: int) -> _Fit:
    """Return the fit of the rows above the best one, if there is more or less between the two than before.

    A dialog below may be taller than what stayed of the text. Rows that may be sticky tell nothing.
    """
    for fit in fits:
        if fit.row < fit.known < best.row and fit.known >= HEADER and abs(fit.offset - best.offset) <= height:
            return fit
    return best


def _scrolled_back(document: Document, rows: Sequence[Row], fit: _Fit, height: int) -> bool:
    """Tell whether a person looks at earlier text: composer and footer stay meanwhile.

    When a tall dialog closes, the window moves back as well, but then they come where the dialog was.
    """
    return fit.offset < document.base and fit.known >= int(KNOWN * height) and _same_below(document, rows, height)


def _same_below(document: Document, rows: Sequence[Row], height: int) -> bool:
    lines = document.lines[document.base + int(height * UPPER) : document.base + height]
    pairs = [(line.row.text, row.text) for line, row in zip(lines, rows[int(height * UPPER) :], strict=False)]
    told = [was == now for was, now in reversed(pairs) if was or now][:COMPOSER]
    return 2 * sum(told) >= len(told)


def _fits(document: Document, rows: Sequence[Row], height: int) -> Iterator[_Fit]:
    """Lay a frame where it lay, and wherever its top rows suggest by their letters."""
    if (unmoved := _unmoved(document, rows, height)) is not None:
        yield unmoved
    tried = {document.base}
    floor = document.base - SCREENS * height
    for number in [number for number, row in enumerate(rows) if len(row.letters) >= 2][:TOP]:
        for line in reversed(document.positions(rows[number].letters)):
            if line < floor:
                break
            offset = line - number
            if offset not in tried and document.lines[line].row.letters == rows[number].letters:
                tried.add(offset)
                fit = _moved(document, rows, number, offset)
                if fit.score > 0 and fit.proven:
                    yield fit


def _unmoved(document: Document, rows: Sequence[Row], height: int) -> _Fit | None:
    """Compare a frame with what the window showed last: some rows fit if it only changed, or a dialog lies on it.

    The lower third does not count, composer and footer stay there whatever happens. Of a row with a dialog on it, the
    beginning still fits.
    """
    score = fitting = others = known = 0
    first, proven = len(rows), 0
    for number in range(HEADER if document.base > 0 else 0, min(len(rows), len(document.lines) - document.base)):
        was, letters = document.lines[document.base + number].row.letters, rows[number].letters
        if not was or not letters:
            continue
        if _begin_alike(letters, was):
            same = letters == was
            fitting += number < height * UPPER
            proven += min(len(letters), len(was)) if letters not in document.banner else 0
            score += len(letters) if same and number < height * UPPER else 0
            known, first = (number, min(first, number)) if same else (known, first)
        elif number < height * UPPER:
            others += 1
            score -= MISMATCH // 2
    if not fitting or 3 * fitting < others or first == len(rows):
        return None
    return _Fit(document.base, first, known, max(score, 1), proven)


def _begin_alike(one: str, other: str) -> bool:
    length = min(len(one), len(other), ALIKE)
    return length >= SHORT and one[:length] == other[:length]


def _moved(document: Document, rows: Sequence[Row], row: int, offset: int) -> _Fit:
    """Go down from a row that fits as long as rows do, or differ only here and there."""
    lines, banner = document.lines, document.banner
    score = -MISMATCH * sum(1 for above in rows[:row] if above.letters)
    best, known, misses, proven = score, row, 0, 0
    for number in range(row, min(len(rows), len(lines) - offset)):
        letters, was = rows[number].letters, lines[offset + number].row.letters
        if letters == was:
            score += len(letters)
            known = number if letters else known
            proven += 0 if letters in banner else len(letters)
            best = max(best, score)
        else:
            score -= MISMATCH
            misses += 1
            if misses > GIVE_UP:
                break
    return _Fit(offset, row, known, best, proven)


def _loses_much(document: Document, rows: Sequence[Row], fit: _Fit, height: int) -> bool:
    """Tell whether a frame that hardly fits would overwrite text that it does not show, a dialog aside."""
    begin = max(0, fit.offset + fit.row)
    gone = _gone(document, rows, begin, min(_dialog(document, rows, begin), _lower(document, height)))
    if len(gone) <= GIVE_UP or (fit.known >= HEADER and fit.proven and _at_once(gone)):
        return False
    return 4 * fit.proven < sum(len(line.row.letters) for line in gone)


def _at_once(lines: Sequence[DocumentLine]) -> bool:
    """Tell whether lines appeared as a dialog does."""
    return max(line.seconds for line in lines) - min(line.seconds for line in lines) <= AT_ONCE


def _gone(document: Document, rows: Sequence[Row], begin: int, end: int) -> list[DocumentLine]:
    """Return the lines from `begin` to `end` that a frame does not show, but for the banner's."""
    shown = {row.letters[:PROBE] for row in rows}
    return [
        line
        for line in document.lines[begin:end]
        if line.row.letters and line.row.letters not in document.banner and line.row.letters[:PROBE] not in shown
    ]


def _lower(document: Document, height: int) -> int:
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


def _begin(story: Story, rows: Sequence[Row], frame: Frame) -> None:
    fresh = Document(story.current.document.banner)
    fresh.rewrite(0, rows, frame.seconds, frame.cols)
    story.begin(Part(fresh, SegmentKind.FULL_SCREEN, frame.seconds))


def _rewrap(story: Story, rows: Sequence[Row], frame: Frame) -> bool:
    """After a resize, find the frame's letters among a document's, cut there, even in mid-line, and append it."""
    best, found = PROBE - 1, None
    for document in story.recent(SegmentKind.FULL_SCREEN):
        begin = max(0, document.base - SCREENS * len(frame.rows))
        length, row, at = _longest(letters_of(line.row for line in document.lines[begin:]), rows)
        if length > best:
            best, found = length, (document, begin, row, at)
    if found is None:
        return False
    document, begin, row, at = found
    if document is not story.current.document:
        story.go_back(document, SegmentKind.FULL_SCREEN, rows, frame.seconds)
    line = document.cut_inside(begin, at)
    document.rewrite(line, rows[row:], frame.seconds, frame.cols, repaint=True)
    document.move_base(line - row)
    document.view = line - row
    return True


def _longest(stream: str, rows: Sequence[Row]) -> tuple[int, int, int]:
    """Find where one of the top rows and what follows it stands in a stream: how many letters, which row, where."""
    best = (0, 0, 0)
    for number in [number for number, row in enumerate(rows) if len(row.letters) >= SHORT][:TOP]:
        text = letters_of(rows[number:])
        at = stream.find(text[:PROBE])
        while at >= 0:
            best = max(best, (_common(stream, at, text), number, at))
            at = stream.find(text[:PROBE], at + 1)
    return best


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
