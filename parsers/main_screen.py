"""Frames on the main screen: text that grows downwards, a live block at its end, and now and then a repaint.

By itself the terminal is right: what scrolled off is final, what is on the screen overwrites itself. That fails only
when a program erases the screen and draws from its top again: after a resize, after a tall dialog, to show another
view, to clear. No control sequence says which, and some programs do it without any. So the rule is: as long as the top
of the screen stays, rows are overwritten in place; else the frame is looked for in what was written before.
"""

from __future__ import annotations

from collections.abc import Sequence

from parsers.alignment import Anchor, find_anchor, letters_of
from parsers.document import PROBE, Document, SegmentKind
from parsers.emulator import Row
from parsers.frames import Frame
from parsers.story import Part, Story

TOP = 8  # rows with letters that count as the top of the screen
FEW = 3  # rows that may be overwritten without asking
AT_ONCE = 3.0  # seconds in which a dialog is drawn
INSERTED = 8  # unknown rows inside known text that make a repaint another view


def follow(story: Story, frame: Frame) -> None:
    """Write a frame of the main screen."""
    document = story.current.document
    if not frame.scrolled and _top_untouched(document, frame.touched):
        for number in frame.touched:
            document.patch(document.base + number, frame.rows[number], frame.seconds, frame.cols)
        document.trim(document.base)
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


def _top_untouched(document: Document, touched: Sequence[int]) -> bool:
    base = document.base
    for number in range(max(base, 0), len(document.lines)):
        if document.lines[number].row.letters:
            return number - base not in touched
    return False


def _continues(document: Document, shown: Sequence[Row]) -> bool:
    """Tell whether the top of the screen is still the same, or too little is on it to lose anything."""
    base, banner = document.base, document.banner
    same = other = others = rows = 0
    for number in range(max(base, 0), len(document.lines)):
        letters = document.lines[number].row.letters
        if not letters or letters in banner:
            continue
        now = shown[number - base].letters if number - base < len(shown) else ""
        if now[:PROBE] == letters[:PROBE] or (now and letters.startswith(now)) or now.startswith(letters):
            same += len(letters)
        else:
            other += len(letters)
            others += 1
        rows += 1
        if rows >= TOP and same:
            break
    return others <= FEW or same * 2 >= other


def _repaint(story: Story, frame: Frame, shown: Sequence[Row]) -> None:
    """Write a frame that does not continue what was on the screen."""
    best: Anchor | None = None
    document = story.current.document
    for known in story.recent(SegmentKind.MAIN):
        anchor = find_anchor(known, shown)
        if anchor and (best is None or anchor.coverage.score > best.coverage.score):
            best, document = anchor, known
    if best is None or best.coverage.weak:
        _begin(story, frame, shown, document if best else None, best.line if best else 0)
        return
    if document is not story.current.document:
        story.go_back(document, frame.seconds)
    elif _another_view(document, shown, best):
        _begin(story, frame, shown, document, best.line)
        return
    if _leaves_out(document, best, frame.seconds):
        _go_on(story, frame, shown, document, best)
    elif not _splice(document, frame, shown, best):
        document.cut(best.line, frame.seconds)
        _begin(story, frame, shown, None, 0)


def _leaves_out(document: Document, anchor: Anchor, seconds: float) -> bool:
    """Tell whether a repaint ends before text that grew over some time: a reprint that is cut short, or a rewind.

    What appeared all at once, on the other hand, was a dialog, and it is right that it goes.
    """
    tail = [line for line in document.lines[anchor.coverage.end : max(document.base, 0)] if line.row.letters]
    return bool(tail) and max(line.seconds for line in tail) - min(line.seconds for line in tail) > AT_ONCE


def _go_on(story: Story, frame: Frame, shown: Sequence[Row], document: Document, anchor: Anchor) -> None:
    """Keep the old text whole and write after it what a repaint shows beyond the text that it repeats."""
    passed, row = 0, 0
    while row < len(shown) and passed < anchor.coverage.at:
        passed += len(shown[row].letters)
        row += 1
    fresh = _begin(story, frame, shown[row:], document, anchor.coverage.end)
    fresh.move_base(len(frame.scrolled) - row)


def _begin(story: Story, frame: Frame, shown: Sequence[Row], instead_of: Document | None, at: int) -> Document:
    fresh = Document(story.current.document.banner)
    fresh.rewrite(0, shown, frame.seconds, frame.cols)
    fresh.move_base(len(frame.scrolled))
    story.begin(Part(fresh, SegmentKind.MAIN, frame.seconds, instead_of=instead_of, instead_at=at))
    return fresh


def _splice(document: Document, frame: Frame, shown: Sequence[Row], anchor: Anchor) -> bool:
    """Write a repaint in its place. False if what stands above its anchor is not what the document has there."""
    row, line = anchor.row, anchor.line
    if row and line:
        head = letters_of(shown[:row])
        if head:
            cut = document.cut_before(line, head)
            if cut is None:
                return False
            line, row = cut, 0
    document.rewrite(line, shown[row:], frame.seconds, frame.cols, repaint=True)
    document.move_base(line - row + len(frame.scrolled))
    return True


def _another_view(document: Document, shown: Sequence[Row], anchor: Anchor) -> bool:
    """Tell whether much is inserted into what was final: the same conversation with its outputs in full, say."""
    final = {line.row.letters[:PROBE] for line in document.lines[anchor.line : max(document.base, 0)]}
    known = [number for number, row in enumerate(shown) if row.letters and row.letters[:PROBE] in final]
    if not known:
        return False
    return (
        sum(1 for row in shown[anchor.row : known[-1]] if row.letters and row.letters[:PROBE] not in final) >= INSERTED
    )
