"""Frames of programs that draw their conversation in the alternate screen, where nothing ever scrolls off.

Such a program shows a window on a text of its own, between rows that stay (a title or the prompt in view above, the
composer and a status line below), and redraws the cells that differ. So each frame is laid on the document by its top
rows: they tell how far the window has moved, whatever changed, grew or opened below them. Neither the frame before nor
the majority of rows can tell: composer and footer stay where they are and outvote a scroll.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile

from parsers.replay.alignment import SHORT, letters_of
from parsers.replay.document import PROBE, Document, SegmentKind
from parsers.replay.fits import (
    COMPOSER,
    GIVE_UP,
    HEADER,
    SCREENS,
    TOP,
    UPPER,
    Fit,
    best_fit,
    lower_third,
    not_shown,
    same_below,
    scrolled_back,
    upper,
)
from parsers.replay.frames import Frame, without_blank_end
from parsers.replay.rows import Row
from parsers.replay.story import Part, Story
from parsers.replay.vanished import STOOD

SURE = 3  # rows with letters that, untouched, show that the window did not move
CERTAIN = 32  # letters that fit, to go back to an older part
NEARLY = 0.9  # of the rows with letters: enough to say that the window is where it was
COVERED = 3  # pages back that dialogs, one after the other, may have covered
LOW = 12  # of so many rows one may go where nothing fits: on a low screen three are much
BELOW = 10  # rows at the bottom in which a program says that the end of its text is out of view

_SCROLLED_BACK = re.compile(  # Codex 0.162 to 0.171
    r"^(?: {8,}↓ \S.{0,20}\bbottom\b.{0,20}$|  Browsing transcript\b)", re.MULTILINE
)

_DETAILS = re.compile(r"  Showing detailed transcript\b")  # Claude Code: the window comes back as it was


def follow(story: Story, frame: Frame, *, resized: bool, widened: bool) -> None:
    """Write a frame of the alternate screen."""
    part = story.current
    document = part.document
    rows = without_blank_end(frame.rows)
    if _shows_details(rows):
        _leave_out(story, rows, frame)
        return
    viewed, document.viewed = document.viewed, False
    if not document.lines:
        document.rewrite(0, rows, frame.seconds, frame.cols)
    elif _says_scrolled_back(rows):
        document.view = document.base - len(frame.rows)
    elif (resized or widened) and _rewrap(story, rows, frame, repaint=resized):
        pass
    elif frame.touched[0] >= len(frame.rows) * UPPER or _top_untouched(rows, frame.touched):
        _patch(document, rows, frame)
    elif viewed and _stayed(document, rows):
        first = HEADER if document.base > 0 else 0
        document.rewrite(document.base + first, rows[first:], frame.seconds, frame.cols)
    else:
        _lay(story, document, rows, frame)
    story.current.document.learn_banner(rows)


def _says_scrolled_back(rows: Sequence[Row]) -> bool:
    """Tell whether the program says itself that a person looks at earlier text, perhaps drawn in another way."""
    below = "\n".join([row.text for row in rows[-BELOW:]])
    return ("↓" in below or "Brows" in below) and _SCROLLED_BACK.search(below) is not None


def _shows_details(rows: Sequence[Row]) -> bool:
    """Tell whether the program says that it shows all details of what stands here otherwise."""
    return bool(rows) and _DETAILS.match(rows[-1].text) is not None


def _leave_out(story: Story, rows: Sequence[Row], frame: Frame) -> None:
    """Write nothing of a view of details, nor what was drawn of it before it said what it is."""
    page = story.current
    if len(story.parts) > 1 and page.first and frame.seconds - page.seconds <= STOOD:
        before = story.parts[-2]
        if before.kind is SegmentKind.FULL_SCREEN:
            page.document.cut(0, frame.seconds)
            story.go_back(before.document, SegmentKind.FULL_SCREEN, rows, frame.seconds)
    story.current.document.viewed = True


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
    before = _before_a_dialog(story, rows, height)
    if before is None and _is_half_drawn(story, rows, frame):
        before = story.parts[-2].document
    if before is not None:
        document.cut(0, frame.seconds)
        document = before
        story.go_back(document, SegmentKind.FULL_SCREEN, rows, frame.seconds)
    fit = best_fit(document, rows, height)
    if fit is None:
        known = story.recent(SegmentKind.FULL_SCREEN)
        covered = story.current.covers
        older, fit = _fit_older(known[1:], rows, height, covered)
        known_text = _all_known(story.documents(SegmentKind.FULL_SCREEN), rows, height)
        back = older is not covered and fit is not None and fit.offset < older.base
        if (known_text and (fit is None or document.base > 0)) or back:
            document.view = -height  # scrolled back to before this part
            return
        if fit is None or (document.base > 0 and older.base == 0):  # a text that scrolled lies on no page that did not
            _turn_page(story, document, rows, frame)
            return
        story.go_back(older, SegmentKind.FULL_SCREEN, rows, frame.seconds)
        document = older
    else:
        covered = None
    document.view = fit.offset
    if document is not covered and scrolled_back(document, rows, fit, height):
        return
    first = fit.row if fit.offset > 0 else 0
    if fit.offset == document.base:
        for number in [number for number in frame.touched if HEADER <= number < first and rows[number].letters]:
            document.patch(fit.offset + number, rows[number], frame.seconds, frame.cols)
    begin = _begin_of_typed(document, rows, fit) if fit.offset > document.base else first
    document.move_base(max(0, fit.offset + first - begin))
    document.rewrite(document.base + begin, rows[begin:], frame.seconds, frame.cols)
    if fit.offset < 0:  # something came in above the first line
        _join(story, rows[: -fit.offset], frame)


def _stayed(document: Document, rows: Sequence[Row]) -> bool:
    """Tell whether nearly every row is where it was before the details."""
    lines = document.lines[document.base : document.base + len(rows)]
    pairs = [(line.row.letters, row.letters) for line, row in zip(lines, rows, strict=False) if row.letters]
    return len(pairs) >= TOP and sum(was == now for was, now in pairs) >= NEARLY * len(pairs)


def _before_a_dialog(story: Story, rows: Sequence[Row], height: int) -> Document | None:
    """Return the document that a dialog had covered as a whole, if a frame shows that again with composer and footer.

    What the dialog was about may stand there as well, in a row like one of its own.
    """
    page = story.current.document
    if page.base > 0 or same_below(page, rows, height):
        return None
    for document in story.recent(SegmentKind.FULL_SCREEN)[1 : 1 + COVERED]:
        fit = best_fit(document, rows, height) if same_below(document, rows, height) else None
        if fit is not None and fit.offset >= document.base and fit.proven:
            return document
    return None


def _begin_of_typed(document: Document, rows: Sequence[Row], fit: Fit) -> int:
    """Return the row where text begins whose end stood in the composer, down to the footer: that may not show it all.

    The first row of the screen may be sticky.
    """
    begin = fit.row
    if fit.offset + fit.known >= len(document.lines) - COMPOSER:
        above = takewhile(lambda number: not document.positions(rows[number].letters), range(fit.row - 1, 0, -1))
        begin = min((number for number in above if rows[number].letters), default=begin)
    return begin


def _is_half_drawn(story: Story, rows: Sequence[Row], frame: Frame) -> bool:
    """Tell whether the page that was begun just now was a frame in the making: this one goes on from the one before."""
    if len(story.parts) < 2 or frame.seconds - story.current.seconds > STOOD:
        return False
    before = story.parts[-2]
    if before.kind is not SegmentKind.FULL_SCREEN or before.document is story.current.document:
        return False
    fit = best_fit(before.document, rows, len(frame.rows))
    return fit is not None and fit.known >= HEADER and fit.proven >= CERTAIN and fit.offset >= before.document.base


def _join(story: Story, above: Sequence[Row], frame: Frame) -> None:
    """Cut the page before this one where what came in above this one's first line begins, as it stands there too.

    What the page before showed below that was live, or was drawn anew since.
    """
    for older in story.recent(SegmentKind.FULL_SCREEN)[1:2]:
        begin = _begins_in(older, above, len(frame.rows))
        if begin is not None:
            story.current.document.date_back(0, older.lines[begin:])
            older.cut(begin, frame.seconds)


def _begins_in(document: Document, rows: Sequence[Row], height: int) -> int | None:
    """Return the line of a document's last screen from which on it has the rows one after the other, or None."""
    lettered = [row.letters for row in rows if row.letters]
    for number, letters in enumerate(lettered):
        for line in reversed(document.positions(letters)):
            if line < len(document.lines) - height:
                break
            told = [known.row.letters for known in document.lines[line:] if known.row.letters]
            same = [was for was, now in takewhile(_equal, zip(told, lettered[number:], strict=False))]
            if len(same) > 1 and sum(map(len, same)) >= PROBE:
                return line
    return None


def _equal(pair: tuple[str, str]) -> bool:
    return pair[0] == pair[1]


def _fit_older(
    documents: Sequence[Document], rows: Sequence[Row], height: int, covered: Document | None
) -> tuple[Document, Fit | None]:
    for document in documents:
        fit = best_fit(document, rows, height)
        if fit and (document is covered or fit.proven >= CERTAIN):
            return document, fit
    return Document(), None


def _all_known(documents: Sequence[Document], rows: Sequence[Row], height: int) -> bool:
    """Tell whether a frame shows nothing new above composer and footer, even if it is wrapped otherwise."""
    shown = [row.letters for row in rows[HEADER : int(height * UPPER)] if len(row.letters) >= SHORT]
    unknown = [letters for letters in shown if not any(document.positions(letters) for document in documents)]
    if unknown and len(shown) >= SURE:
        stream = " ".join(letters_of(line.row for line in document.lines) for document in documents)
        unknown = [letters for letters in unknown if letters[: 2 * PROBE] not in stream]
    known = len(shown) - len(unknown)
    return known >= SURE and known >= 8 * len(unknown)


def _turn_page(story: Story, document: Document, rows: Sequence[Row], frame: Frame) -> None:
    """Begin a new part with a frame that shows nothing of what is known.

    Little goes with it, unless it comes back: then a dialog had covered the whole screen.
    """
    height = len(frame.rows)
    if _was_dialog(story, rows, height):
        story.current.covers = None
        document.cut(0, frame.seconds)
    gone = not_shown(document, rows, max(0, document.base), lower_third(document, height))
    fresh = Document(document.banner)
    fresh.rewrite(0, rows, frame.seconds, frame.cols)
    little = document if len(gone) <= min(GIVE_UP, height // LOW) else None
    story.begin(Part(fresh, SegmentKind.FULL_SCREEN, frame.seconds, covers=little))


def _was_dialog(story: Story, rows: Sequence[Row], height: int) -> bool:
    """Tell whether the page that is turned only covered the one before: composer and footer stand there again."""
    page, before = story.current, story.parts[-2:][0]
    if page.document.base > 0 or before.kind is not SegmentKind.FULL_SCREEN or before.document is page.document:
        return False
    return same_below(before.document, rows, height) and not same_below(page.document, rows, height)


def _rewrap(story: Story, rows: Sequence[Row], frame: Frame, *, repaint: bool) -> bool:
    """After a resize, find the frame's letters among a document's, cut there, even in mid-line, and append it.

    Composer and footer do not count: they stay, whatever is above them.
    """
    height = len(frame.rows)
    best, found = PROBE - 1, None
    for document in story.recent(SegmentKind.FULL_SCREEN):
        begin = max(0, document.base - SCREENS * height)
        length, row, at = _longest(letters_of(line.row for line in document.lines[begin:]), rows[: int(upper(height))])
        if length > best:
            best, found = length, (document, begin, row, at)
    if found is None:
        return False
    document, begin, row, at = found
    if document is not story.current.document:
        story.go_back(document, SegmentKind.FULL_SCREEN, rows, frame.seconds)
    line = document.cut_inside(begin, at)
    if line < row:  # the frame begins above the document's first line
        line = row = 0
    document.rewrite(line, rows[row:], frame.seconds, frame.cols, repaint=repaint)
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
