"""Frames on the main screen: text that grows downwards, a live block at its end, and now and then a repaint.

By itself the terminal is right: what scrolled off is final, what is on the screen overwrites itself. That fails only
when a program erases the screen and draws from its top again: after a resize, after a tall dialog, to show another
view, to clear. No control sequence says which, and some programs do it without any. So the rule is: as long as the top
of the screen stays, rows are overwritten in place; else the frame is looked for in what was written before.
"""

from __future__ import annotations

from collections.abc import Sequence

from parsers.replay.alignment import SHORT, Anchor, Coverage, cover, find_anchor, letters_of, walk
from parsers.replay.document import PROBE, Document, DocumentLine, SegmentKind
from parsers.replay.frames import Frame
from parsers.replay.pictures import printed_again
from parsers.replay.rows import Row
from parsers.replay.story import MOSTLY, Part, Story
from parsers.replay.vanished import MOMENT

TOP = 8  # rows with letters that count as the top of the screen
FEW = 3  # rows that may be overwritten without asking
AT_ONCE = 3.0  # seconds in which a dialog is drawn
INSERTED = 8  # unknown rows inside known text that make a repaint another view
FOLLOWED = 64  # letters of known text after them


def follow(story: Story, frame: Frame) -> None:
    """Write a frame of the main screen."""
    document = story.current.document
    if _begins_anew(document, frame):
        _repaint(story, frame, frame.shown)
    elif not frame.scrolled and _top_untouched(document, frame.touched):
        for number in frame.touched:
            document.patch(document.base + number, frame.rows[number], frame.seconds, frame.cols)
        document.trim(document.base)
    elif (again := printed_again(document, frame)) is not None:
        anchor = find_anchor(document, again.shown)
        if anchor is None or not _splice(document, again, again.shown, anchor):
            _repaint(story, again, again.shown)
    elif _continues(document, shown := frame.shown):
        document.rewrite(document.base, shown, frame.seconds, frame.cols)
        document.move_base(document.base + len(frame.scrolled))
    else:
        _repaint(story, frame, shown)
    story.current.document.learn_banner(frame.rows)


def reflow(story: Story, frame: Frame) -> None:
    """Write what a resize made of the screen: the same text, wrapped by the terminal."""
    document = story.current.document
    document.rewrite(document.base, frame.shown, frame.seconds, frame.cols, repaint=True)
    document.move_base(document.base + len(frame.scrolled))


def _begins_anew(document: Document, frame: Frame) -> bool:
    """Tell whether a conversation of less than a screen was cleared: what stays above is only how the program began."""
    if document.base or frame.scrolled or len(frame.touched) <= FEW:
        return False
    first = next((line for line in document.lines if len(line.row.letters) >= SHORT), None)
    if first is None or first.row.letters not in document.banner:
        return False
    lines = [line for line in document.lines if len(line.row.letters) >= SHORT]
    found = walk([line.row.letters for line in lines], letters_of(frame.shown))
    known = [place >= 0 for _, _, place in found]
    end = known.index(False) if False in known else len(lines)
    gone = [line for line, again in zip(lines, known, strict=True) if not again]
    kept = [line for line, again in zip(lines[end:], known[end:], strict=True) if again]
    return _letters(gone) > _letters(kept) and _grew(gone) and not _grew(lines[:end])


def _letters(lines: Sequence[DocumentLine]) -> int:
    return sum(len(line.row.letters) for line in lines)


def _top_untouched(document: Document, touched: Sequence[int]) -> bool:
    base = document.base
    for number in range(max(base, 0), len(document.lines)):
        if document.lines[number].row.letters:
            return number - base not in touched
    return False


def _continues(document: Document, shown: Sequence[Row]) -> bool:
    """Tell whether the top of the screen is still the same, or too little is on it to lose anything.

    What the banner says counts only if there is nothing else.
    """
    top = [
        (line.row.letters, shown[number].letters if number < len(shown) else "")
        for number, line in enumerate(document.lines[max(document.base, 0) :], -min(document.base, 0))
        if line.row.letters
    ]
    telling = [pair for pair in top if pair[0] not in document.banner] or top
    same = other = others = 0
    for number, (was, now) in enumerate(telling):
        if now[:PROBE] == was[:PROBE] or (now and (was.startswith(now) or now.startswith(was))):
            same += len(was)
        else:
            other += len(was)
            others += 1
        if number >= TOP and same:
            break
    return others <= FEW or same * 2 >= other


def _repaint(story: Story, frame: Frame, shown: Sequence[Row]) -> None:
    """Write a frame that does not continue what was on the screen."""
    current = story.current.document
    document, anchor = _place(story.recent(SegmentKind.MAIN), shown)
    if anchor is not None and document is current:
        anchor = _without_dialog(document, frame, shown, anchor)
    if anchor is None and _covered(current, shown):
        current.rewrite(current.base, shown, frame.seconds, frame.cols)
        current.move_base(current.base + len(frame.scrolled))
        return
    if anchor is None or anchor.coverage.weak:
        _begin(story, frame, shown, document if anchor else None, anchor.line if anchor else 0)
        return
    seen = [] if document is current else story.lines_since(document)
    if document is not current:
        story.go_back(document, SegmentKind.MAIN, shown, frame.seconds)
    elif _another_view(document, shown, anchor):
        _begin(story, frame, shown, document, anchor.line)
        return
    if _leaves_out(document, anchor):
        _go_on(story, frame, shown, document, anchor)
    elif not _splice(document, frame, shown, anchor):
        known = _known_above(document, shown, anchor)
        view = known == anchor.line < document.base and anchor.coverage.lost_above > 0
        earlier = document.lines[known:]
        if not view:
            story.cut(document, known, frame.seconds)
        _begin(story, frame, shown, document if view else None, known).date_back(0, earlier)
    elif seen:  # what was drawn since then took over
        document.date_back(anchor.line + _rows_again(shown, anchor) - anchor.row, seen)


def _without_dialog(document: Document, frame: Frame, shown: Sequence[Row], anchor: Anchor) -> Anchor:
    """Drop a dialog that was taller than the screen, and scrolled, if a repaint shows only what was above it."""
    lines = document.lines
    came = next((line.seconds for line in reversed(lines) if line.row.letters), 0.0)
    first = len(lines)
    while first > 0 and (not lines[first - 1].row.letters or abs(lines[first - 1].seconds - came) <= MOMENT):
        first -= 1
    if not anchor.line < first < document.base:
        return anchor
    above = sum(len(row.letters) for row in shown[: anchor.row])
    stream = letters_of(shown)
    again, dialog = cover(document, anchor.line, stream, above, first), cover(document, first, stream, above)
    if again.kept < MOSTLY * (again.kept + again.lost + again.tail) or dialog.kept > dialog.lost + dialog.tail:
        return anchor
    document.cut(first, frame.seconds)
    return Anchor(anchor.row, anchor.line, again)


def _covered(document: Document, shown: Sequence[Row]) -> bool:
    """Tell whether all of the screen was a dialog, which came at once, and what is drawn in its place is no clear."""
    dialog = [line.seconds for line in document.lines[max(document.base, 0) :] if line.row.letters]
    came_at_once = document.base > 0 and bool(dialog) and max(dialog) - min(dialog) <= MOMENT
    return came_at_once and not any(row.letters in document.banner for row in shown if row.letters)


def _place(documents: Sequence[Document], shown: Sequence[Row]) -> tuple[Document, Anchor | None]:
    """Find the document that a repaint belongs to, the latest first: where most is kept and least is lost.

    Enough has to be kept before that counts: a dialog that goes is no loss. If only its later rows are known there, and
    an older document knows those before, then it begins in that one. A banner is no place: it is what is left of a
    document whose text was drawn anew.
    """
    telling = [*documents[:1], *(document for document in documents[1:] if not document.is_only_banner())]
    found = [(document, anchor) for document in telling if (anchor := find_anchor(document, shown))]
    if not found:
        return documents[0], None
    place = max(found, key=lambda candidate: (not candidate[1].coverage.weak, candidate[1].coverage.score))
    for document, anchor in found[found.index(place) + 1 :]:
        above = [row.letters for row in shown[anchor.row : place[1].row] if not document.is_banner(row.letters)]
        head = sum(map(len, above))
        if head >= PROBE and not anchor.coverage.weak and anchor.coverage.kept >= 2 * PROBE:
            place = document, anchor
    return place


def _leaves_out(document: Document, anchor: Anchor) -> bool:
    """Tell whether a repaint ends before text that grew over some time: a reprint that is cut short, or a rewind.

    What appeared all at once, on the other hand, was a dialog, and it is right that it goes.
    """
    tail = document.lines[anchor.coverage.end : max(document.base, 0)]
    return _grew(tail) or _is_cleared(document, anchor.coverage)


def _is_cleared(document: Document, again: Coverage) -> bool:
    """Tell whether all that is shown again is how the program began: it was cleared, however short its text was."""
    opening, text = document.lines[: again.end], document.lines[again.end :]
    return again.tail > again.kept and not _grew(opening) and _grew(text)


def _grew(lines: Sequence[DocumentLine]) -> bool:
    """Tell whether lines did not appear all at once."""
    times = [line.seconds for line in lines if line.row.letters]
    return bool(times) and max(times) - min(times) > AT_ONCE


def _go_on(story: Story, frame: Frame, shown: Sequence[Row], document: Document, anchor: Anchor) -> None:
    """Keep the old text whole and write after it what a repaint shows beyond the text that it repeats."""
    row = _rows_again(shown, anchor)
    fresh = _begin(story, frame, shown[row:], document, anchor.coverage.end)
    fresh.move_base(len(frame.scrolled) - row)


def _rows_again(shown: Sequence[Row], anchor: Anchor) -> int:
    """Count the rows of a repaint down to the end of what it shows again."""
    passed = row = 0
    while row < len(shown) and passed < anchor.coverage.at:
        passed += len(shown[row].letters)
        row += 1
    return row


def _begin(story: Story, frame: Frame, shown: Sequence[Row], instead_of: Document | None, at: int) -> Document:
    fresh = Document(story.current.document.banner)
    fresh.rewrite(0, shown, frame.seconds, frame.cols)
    fresh.move_base(len(frame.scrolled))
    story.begin(Part(fresh, SegmentKind.MAIN, frame.seconds, instead_of=instead_of, instead_at=at))
    return fresh


def _splice(document: Document, frame: Frame, shown: Sequence[Row], anchor: Anchor) -> bool:
    """Write a repaint in its place. False if what stands above its anchor is not what the document has there."""
    row, line = anchor.row, anchor.line
    head = letters_of(shown[:row])
    if head:
        cut = document.cut_before(line, head) if line else 0  # before the first line there is nothing else
        if cut is None:
            return False
        line, row = cut, 0
    elif any(above.row.letters for above in document.lines[max(0, line - row) : line]):
        row = 0  # what stood above is not on the screen any more: rows without a letter are
    document.rewrite(line, shown[row:], frame.seconds, frame.cols, repaint=True)
    document.move_base(line - row + len(frame.scrolled))
    return True


def _known_above(document: Document, shown: Sequence[Row], anchor: Anchor) -> int:
    """Return the line from which a document has most of what stands above an anchor, whatever else in between."""
    for number, row in enumerate(shown[: anchor.row]):
        if len(row.letters) >= SHORT and not document.is_banner(row.letters):
            head = [above.letters for above in shown[number : anchor.row]]
            for line in reversed(document.positions(row.letters)):
                if _mostly(head, letters_of(old.row for old in document.lines[line : anchor.line])):
                    return line
    return anchor.line


def _mostly(texts: Sequence[str], stream: str) -> bool:
    """Tell whether most letters of some texts stand in a stream, in order."""
    found = [(length, place >= 0) for _, length, place in walk(texts, stream)]
    return sum(length for length, known in found if known) >= MOSTLY * sum(length for length, _ in found)


def _another_view(document: Document, shown: Sequence[Row], anchor: Anchor) -> bool:
    """Tell whether much is inserted into what was final: the same conversation with its outputs in full, say."""
    final = letters_of(line.row for line in document.lines[anchor.line : max(document.base, 0)])
    inserted = unknown = after = 0
    for _, length, place in walk((row.letters for row in shown[anchor.row :]), final):
        if place < 0:
            unknown += 1
        elif unknown >= INSERTED or inserted:
            inserted, unknown, after = inserted + unknown, 0, after + length
        else:
            unknown = 0
    return inserted >= INSERTED and after >= FOLLOWED
