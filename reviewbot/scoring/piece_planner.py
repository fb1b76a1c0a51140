"""Passes that read a change piece by piece, with the code around each piece."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reviewbot.encoders.encoder import Encoder, Tokens
from reviewbot.encoders.pieces import pieces
from reviewbot.encoders.prompt import Pieces
from reviewbot.encoders.spans import Span, chars_of_lines, line_spans
from reviewbot.scoring.reading import Reading, TooLong

MAX_LINES, MAX_CHARS = 200, 16  # of code around a piece: lines, and characters for each token


@dataclass(frozen=True, slots=True)
class PiecePlanner:
    """Plans the passes over one file, one for each piece of added lines."""

    encoder: Encoder
    layout: Pieces
    preamble: Sequence[int]  # its tokens
    lines: Sequence[str]  # of the file

    def plan(self, wanted: Sequence[int], added: Sequence[int]) -> Iterator[Reading | TooLong]:
        """Yield the passes that read the `wanted` lines, each of which the change adds."""
        for piece in pieces(self.lines, added, self.layout.lines, self.layout.join):
            if not any(line in range(*piece) for line in wanted):
                continue
            for part, tokens in self._fitting(piece):
                mine = [line for line in wanted if line in range(*part)]
                yield from self._read(part, tokens, mine)

    def _fitting(self, piece: Span) -> Iterator[tuple[Span, Tokens]]:
        """Halve a piece until its tokens fit, or it is one line; yield the parts with theirs."""
        tokens = self.encoder.tokenize(self._text(piece))
        if piece.end - piece.start == 1 or len(tokens.ids) <= self.layout.text:
            yield piece, tokens
            return
        middle = (piece.start + piece.end) // 2
        yield from self._fitting(Span(piece.start, middle))
        yield from self._fitting(Span(middle, piece.end))

    def _read(
        self, piece: Span, tokens: Tokens, wanted: Sequence[int]
    ) -> Iterator[Reading | TooLong]:
        if len(tokens.ids) > self.layout.text:
            yield from map(TooLong, wanted)
            return
        spans_P = line_spans(tokens.offsets, self._text(piece))
        own = {
            line: spans_P[line - piece.start]
            for line in wanted
            if line - piece.start < len(spans_P)  # else a blank line at the end
        }
        spans = {line: span for line, span in own.items() if span.end > span.start}
        if not spans:
            return
        shown, end = self._around(piece), (self.layout.marks or ())[3:]
        chars_P = chars_of_lines(tokens.offsets, spans_P, self._text(piece))
        yield Reading(
            lines=tuple(spans),
            token_spans=tuple(spans.values()),
            block_spans=(Span(0, len(tokens.ids) + len(end)),),
            block_of=(0,) * len(spans),
            char_spans=tuple(chars_P[line - piece.start] for line in spans),
            ids=(*shown, *tokens.ids, *end),
            skipped=len(shown),
        )

    def _around(self, piece: Span) -> list[int]:
        """Return the tokens that stand before those of a piece.

        The line end behind the piece belongs to the code behind: the model was trained to end what
        it fills in where the code behind goes on, so it expects its mark there.
        """
        lines, layout = self.lines, self.layout
        # Cut by characters first: minified code around a piece must not cost a second.
        text = "".join(f"{line}\n" for line in lines[: piece.start][-MAX_LINES:])
        before = self.encoder.tokenize(text[-MAX_CHARS * layout.before :]).ids[-layout.before :]
        if layout.marks is None:
            return [*self.preamble, *before]
        text = "".join(f"\n{line}" for line in (*lines[piece.end :][:MAX_LINES], ""))
        after = self.encoder.tokenize(text[: MAX_CHARS * layout.after]).ids[: layout.after]
        begin, behind, middle, _ = layout.marks
        return [begin, *self.preamble, *before, behind, *after, middle]

    def _text(self, piece: Span) -> str:
        return "\n".join(self.lines[slice(*piece)])
