"""Words, redirections and simple commands, put together from the nodes of tree-sitter's tree."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from ..patterns import re
from ..text import Span
from .script import Node, Redirect, Simple, Word

#: No command is called so: where one seems to be, the grammar has lost its way.
_KEYWORDS = frozenset(("{", "}", "!", "coproc", "then", "else", "elif", "fi", "do", "done", "esac"))
#: The end of a line that does not go on behind a backslash.
_ENDS_LINE = re.compile(r"(?<!\\)\n")
#: The types of nodes that are redirections.
REDIRECTS = frozenset(("file_redirect", "heredoc_redirect", "herestring_redirect"))


class UnknownShape(Exception):
    """A tree that this reader does not know; the body stays opaque."""


class TreeWords:
    """Reads nodes of the tree of *data*, which is *narrow* in UTF-8, as spans and words of *text*, as long as *narrow*.

    Raises ``UnknownShape`` for what is not known here.
    """

    def __init__(self, text: str, narrow: str, data: bytes) -> None:
        self.text = text
        self.ascii = len(text) == len(data)
        if not self.ascii:
            offsets = []
            for index, char in enumerate(narrow):
                offsets.extend([index] * len(char.encode("utf-8")))
            offsets.append(len(text))
            self.offsets = offsets

    def span(self, node: Any) -> Span:
        """Where *node* stands in the text."""
        start, end = node.start_byte, node.end_byte
        if self.ascii:
            return Span(start, end)
        return Span(self.offsets[start], self.offsets[end])

    def word(self, node: Any) -> Word:
        """The text of *node*."""
        span = self.span(node)
        return Word(self.text[span.start : span.end], span)

    def simple(
        self,
        span: Span,
        words: list[Word],
        assignments: list[Word],
        redirects: list[Redirect],
        nested: tuple[Node, ...],
    ) -> Simple:
        """Put a simple command together; pieces that touch are one word. Nothing may be left over between them."""
        if words and words[0].text in _KEYWORDS:
            raise UnknownShape(f"{words[0].text} where a command stands")
        if not assignments and not redirects and self.apart(words):
            return Simple(span, tuple(words), (), (), nested)
        pieces: list[tuple[Span, int]] = [(word.span, 0) for word in assignments]
        pieces += [(word.span, 1) for word in words]
        pieces += [(redirect.span, 2) for redirect in redirects]
        pieces.sort()
        joined: list[tuple[Span, int]] = []
        #: What stands on the line of a here-document's operator, whose redirection goes on to the end of its text.
        within: list[tuple[Span, int]] = []
        text = self.text
        for piece, role in pieces:
            if joined:
                last, last_role = joined[-1]
                if last_role == 2 and piece.end <= last.end:
                    within.append((piece, role))
                    continue
                between = text[last.end : piece.start]
                if not between and role == 1:
                    joined[-1] = (Span(last.start, piece.end), last_role)
                    continue
                if piece.start < last.end or between.strip(" \t\r\n\\"):
                    raise UnknownShape("text between words")
            joined.append((piece, role))
        if len(joined) + len(within) != len(pieces):
            joined += within
            assignments = [Word(text[s.start : s.end], s) for s, role in joined if role == 0]
            words = [Word(text[s.start : s.end], s) for s, role in joined if role == 1]
            whole = [s for s, role in joined if role == 2]
            redirects = [self.widened(redirect, whole) for redirect in redirects]
        return Simple(span, tuple(words), tuple(assignments), tuple(redirects), nested)

    def apart(self, words: list[Word]) -> bool:
        """Whether *words* follow each other with nothing but blanks between them."""
        text = self.text
        for left, right in pairwise(words):
            between = text[left.span.end : right.span.start]
            if between != " " and (not between or between.strip(" \t\r\n\\")):
                return False
        return True

    def widened(self, redirect: Redirect, spans: list[Span]) -> Redirect:
        """*redirect* with all of its target, which ends where the one of *spans* that begins with it does."""
        span = next(s for s in spans if s.start == redirect.span.start)
        if span == redirect.span or redirect.target is None:
            return redirect
        start = redirect.target.span.start
        return Redirect(redirect.operator, Word(self.text[start : span.end], Span(start, span.end)), span)

    def redirect(self, node: Any, out: list[Redirect]) -> list[Word]:
        """Note the redirection of *node* in *out*; words behind its target are given back: they are the command's."""
        if node.type == "heredoc_redirect":
            extra: list[Word] = []
            closing = next((child for child in node.children if child.type == "heredoc_end"), None)
            # For shells a delimiter ends the text only as a line of its own; the grammar takes it with more behind.
            if closing is None or self.text[self.span(closing).end :][:1] not in ("", "\n"):
                raise UnknownShape("a here-document without an end")
            for child in node.children:
                if child.type in ("file_redirect", "herestring_redirect"):
                    extra.extend(self.redirect(child, out))
                elif child.type in ("word", "string", "raw_string", "concatenation", "number"):
                    extra.append(self.word(child))
                elif child.type not in (
                    "<<", "<<-", "heredoc_start", "heredoc_body", "heredoc_end", "file_descriptor"
                ):  # fmt: skip
                    raise UnknownShape(f"{child.type} after a here-document")
            out.append(Redirect("<<", None, self.span(node)))
            return extra
        children = node.children
        at = 0
        while at < len(children) and (children[at].type == "file_descriptor" or not children[at].is_named):
            at += 1
        operator = "".join(self.word(child).text for child in children[:at])
        if at == len(children):
            out.append(Redirect(operator, None, self.span(node)))
            return []
        target = self.word(children[at])
        out.append(Redirect(operator, target, Span(self.span(node).start, target.span.end)))
        behind = [self.word(child) for child in children[at + 1 :]]
        pairs = pairwise((target, *behind))
        if any(_ENDS_LINE.search(self.text, one.span.end, other.span.start) for one, other in pairs):
            raise UnknownShape("a redirection over two lines")
        return behind
