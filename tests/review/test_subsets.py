"""Of the suggestions for composed Dockerfiles any set may be accepted: what comes out is right, and leads on alike."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dockerslim_rewrite import Options, rewrite
from dockerslim_rewrite.ir.build import read_build
from dockerslim_rewrite.review.hunks import Hunk
from dockerslim_rewrite.review.reviewed import Scope, reviewed
from dockerslim_rewrite.syntax import parse
from dockerslim_rewrite.text import Patch
from dockerslim_rewrite.validate import Verdict, validate

from .conftest import apply_lines

FRAGMENTS = (
    "MAINTAINER Jane Doe\n",
    "ENV A 1\n",
    "ENV B 2\nENV C 3\n",
    "# what it needs\nRUN apt-get update && apt-get install -y curl\n",
    "RUN apt-get update\nRUN apt-get install -y jq\n",
    "RUN apt-get update \\\n    && apt-get install -y \\\n    wget\n",
    "RUN pip install flask\n",
    "RUN pip install a \\\n    b\n",
    "WORKDIR /app\n",
    "COPY app.py /app/\nRUN chmod 755 /app/app.py\n",
    "ADD app.py /app/\n",
    "RUN npm install -g yarn\n",
    "EXPOSE 80/TCP\n",
    "\n",
    "RUN <<EOF\napt-get update\napt-get install -y git\nEOF\n",
    "LABEL a=b\n",
    "RUN curl -o x.tgz https://example.com/x.tgz\nRUN tar xzf x.tgz\nRUN rm x.tgz\n",
    "CMD python app.py\n",
)


@st.composite
def dockerfiles(draw: st.DrawFn) -> str:
    base = draw(st.sampled_from(["FROM python:3.12\n", "FROM debian:12 as build\n", "FROM node\n"]))
    body = "".join(draw(st.lists(st.sampled_from(FRAGMENTS), min_size=2, max_size=9, unique=True)))
    text = base + body
    if draw(st.booleans()):
        text = text.removesuffix("\n")
    return text.replace("\n", "\r\n") if draw(st.booleans()) else text


@given(dockerfiles(), st.data())
def test_any_set_is_right_and_leads_to_the_same(text: str, data: st.DataObject) -> None:
    options = Options()
    after = rewrite(text, options, "Dockerfile")
    lines = text.count("\n") + 1
    hunk = Hunk(1, lines, frozenset(range(1, lines + 1)))
    found = reviewed("Dockerfile", None, after, options, [hunk], Scope.LINES).suggestions
    chosen = [one for one in found if data.draw(st.booleans())]
    made = apply_lines(text, [one.replacement for one in chosen])
    read_build(parse(made))
    changes = tuple(dict.fromkeys(change for one in chosen for change in one.changes))
    patch = Patch.of(edit for one in chosen for edit in one.replacement.edits)
    assert patch.apply(text) == made
    assert validate(text, made, changes, patch).verdict is Verdict.OK
    assert rewrite(made, options, "Dockerfile").text == after.text
