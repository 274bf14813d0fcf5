"""Whatever stands in which order: what is moved is proven, and a second run moves nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dockerslim_rewrite import Options, rewrite

LINES = (
    "ARG BUILD_DATE",
    "ARG VCS_REF=none",
    "ENV GIT_COMMIT=$VCS_REF",
    "ENV GIT_COMMIT fixed",
    "LABEL created=$BUILD_DATE",
    "LABEL revision=$VCS_REF",
    "LABEL revision=fixed",
    "MAINTAINER a",
    "ENV A=/app/x",
    "ENV A=b",
    "COPY a /a",
    "ADD b /b/",
    "COPY . /app",
    "COPY . .",
    "COPY --chown=1000 c /app/c",
    "COPY d /etc/d",
    "COPY e /",
    "WORKDIR /app",
    "WORKDIR sub",
    "USER app",
    "EXPOSE 80",
    "VOLUME /a",
    'SHELL ["/bin/bash", "-c"]',
    "ONBUILD RUN echo $VCS_REF",
    "RUN apt-get update && apt-get install -y curl",
    "RUN apt-get update",
    "RUN apt-get install -y vim",
    "RUN apt-get install -y /a/b.deb",
    "RUN pip install flask",
    "RUN pip install -r requirements.txt",
    "RUN npm install -g typescript",
    "RUN mkdir -p /var/lib/a && rm -rf /b*",
    "RUN echo $BUILD_DATE > /date",
    "RUN make",
    "RUN --mount=type=cache,target=/app apt-get update",
    "RUN <<END\napt-get update\nEND",
    "CMD run $GIT_COMMIT",
    "FROM debian:12",
    "# a comment",
    "",
)
files = st.lists(st.sampled_from(LINES), min_size=2, max_size=14)


@given(files, st.sampled_from([("DS702",), ("DS702", "DS602", "DS604", "DS101", "DS103", "DS109")]))
def test_moves_are_proven_and_at_rest(lines: list[str], select: tuple[str, ...]) -> None:
    text = "\n".join(["FROM debian:12", *lines, "RUN apt-get install -y last", ""])
    options = Options(select=select)
    result = rewrite(text, options)
    assert result.bugs == ()
    assert rewrite(result.text, options).text == result.text
