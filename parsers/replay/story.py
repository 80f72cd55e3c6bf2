"""The parts of a recording in order: which lines were drawn when, on which screen, and whether they were an overlay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from parsers.replay.alignment import cover, letters_of
from parsers.replay.document import PROBE, Document, DocumentLine, SegmentKind
from parsers.replay.rows import Row

MOSTLY = 0.7  # of the letters of a text: enough to call it shown again
HARDLY = 0.1  # of them: too little to keep a text for
REMEMBERED_PARTS = 6  # parts back in which a repaint is looked for


@dataclass(slots=True, eq=False)
class Part:
    """The lines of a document from `first_line` to where its next part begins; `first` if there is none before it.

    `instead_of` is an older document that this one may be a reprint or another view of, from its line `instead_at` on.
    Only later frames can tell which: see `Story.settle` and `Story.go_back`. `covers` is a document that goes with this
    part unless it is gone back to.
    """

    document: Document
    kind: SegmentKind
    seconds: float
    first_line: int = 0
    first: bool = True
    instead_of: Document | None = None
    instead_at: int = 0
    covers: Document | None = None


class Story:
    """All parts, the last of them being drawn."""

    def __init__(self) -> None:
        self.parts = [Part(Document(), SegmentKind.MAIN, 0.0)]
        self._remnants: list[Document] = []  # what was left when a reprint took the place of the rest

    @property
    def current(self) -> Part:
        """The part that is being drawn."""
        return self.parts[-1]

    def begin(self, part: Part) -> None:
        """Start a new part."""
        self.settle()
        self.parts.append(part)

    def recent(self, kind: SegmentKind) -> list[Document]:
        """Return the documents of the latest parts of a kind, the latest first, each once."""
        found: list[Document] = []
        for part in reversed(self.parts[-REMEMBERED_PARTS:]):
            if part.kind is kind and part.document not in found:
                found.append(part.document)
        return found

    def go_back(self, document: Document, kind: SegmentKind, shown: Sequence[Row], seconds: float) -> None:
        """Continue an older document with a frame that belongs to it.

        What was drawn in between was another view of it; if the frame shows all of that again, it was the same text.
        """
        between = next(number for number, part in enumerate(reversed(self.parts)) if part.document is document)
        stream = letters_of(shown)
        for part in self.parts:
            if part.document is document:
                part.kind = kind  # whatever it was taken for
            if part.covers is document:
                part.covers = None
        for part in self.parts[len(self.parts) - between :]:
            part.kind, part.instead_of = SegmentKind.OVERLAY, None
            passed = kind is SegmentKind.FULL_SCREEN and part.document.base == 0  # a dialog: it may fill the screen
            if passed or _knows(document, 0, part.document) or _covers(stream, part.document):
                part.document.cut(0, seconds)
        self.parts.append(Part(document, kind, seconds, len(document.lines), first=False))

    def settle(self) -> None:
        """Decide whether the current part reprints the document that it stands instead of; then one of them goes."""
        part, old = self.current, self.current.instead_of
        if old is not None:
            part.instead_of = None
            again = cover(old, part.instead_at, letters_of(line.row for line in part.document.lines))
            if again.kept >= MOSTLY * (again.kept + again.lost + again.tail):
                part.document.date_back(0, old.lines[max(0, part.instead_at) :])
                self.cut(old, part.instead_at, part.seconds)
            elif _knows(old, part.instead_at, part.document):
                part.document.cut(0, part.seconds)
        self._drop_remnants(part)

    def cut(self, document: Document, at: int, seconds: float) -> None:
        """Drop what a reprint takes the place of."""
        document.cut(at, seconds)
        self._remnants.append(document)

    def _drop_remnants(self, part: Part) -> None:
        """Drop what was left of documents above a reprint, if a later reprint shows that as well."""
        if not self._remnants:
            return
        stream = letters_of(line.row for line in part.document.lines)
        for document in self._remnants:
            told = {line.row.letters[:PROBE] for line in document.lines if line.row.letters not in document.banner}
            if document is not part.document and all(probe in stream for probe in told):
                document.cut(0, part.seconds)

    def drop_what_was_covered(self) -> None:
        """Drop what went with a page that was turned, and did not come back."""
        for part in self.parts:
            if part.covers is not None:
                part.covers.cut(part.covers.base, part.seconds)

    def drop_what_was_printed(self) -> None:
        """Drop what a program drew on the alternate screen if, having left it, it printed all of that once more.

        The print is whole, and was drawn at once: its lines keep the times at which they were first seen.
        """
        drawn: list[Document] = []
        for part in self.parts:
            if part.kind is SegmentKind.FULL_SCREEN and part.document not in drawn:
                drawn.append(part.document)
            elif part.kind is SegmentKind.MAIN and drawn:
                stream = letters_of(line.row for line in self.lines_of(part))
                found = [cover(document, 0, stream) for document in drawn]
                kept = sum(again.kept for again in found)
                if kept > sum(again.lost + again.tail for again in found):  # its furniture is not printed
                    part.document.date_back(part.first_line, [line for document in drawn for line in document.lines])
                    for document in drawn:
                        document.cut(0, part.seconds)
                drawn = []

    def documents(self, kind: SegmentKind | None = None) -> list[Document]:
        """Return all documents, or those of a kind, each once."""
        return [part.document for part in self.parts if part.first and kind in (None, part.kind)]

    def lines_since(self, document: Document) -> list[DocumentLine]:
        """Return the lines of all documents that were begun after this one, but for those of other views."""
        begun = next(number for number, part in enumerate(self.parts) if part.document is document)
        later = [part for part in self.parts[begun + 1 :] if part.first and part.document is not document]
        return [line for part in later if part.kind is not SegmentKind.OVERLAY for line in part.document.lines]

    def lines_of(self, part: Part) -> Sequence[DocumentLine]:
        """Return the lines of a part: those up to the next part of its document."""
        later = self.parts[self.parts.index(part) + 1 :]
        ends = [other.first_line for other in later if other.document is part.document]
        return part.document.lines[part.first_line : min(ends, default=len(part.document.lines))]


def _knows(old: Document, begin: int, new: Document) -> bool:
    """Tell whether a document shows nothing that an older one does not."""
    return _covers(letters_of(line.row for line in old.lines[begin:]), new)


def _covers(stream: str, document: Document) -> bool:
    again = cover(document, 0, stream)
    return again.lost + again.tail <= HARDLY * again.kept
