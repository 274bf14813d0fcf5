"""Generators of shell bodies and Dockerfiles that cover the grammar."""

from __future__ import annotations

from hypothesis import strategies as st

_NAMES = st.sampled_from(["a", "make", "cp", "touch", "curl", "mkdir", "apt-get", "pip", "apk", "rm", "echo"])
_WORDS = st.sampled_from(
    [
        "x", "-y", "install", "update", "'a b'", '"$X"', "$Y", "${Z:-d}", "/tmp/f", "*.c", "--flag=v", "add", "~/f",
        "`date`", "$(id -u)", "a\\ b", "'it''s'", "#no", "2",
    ]
)  # fmt: skip
_SPECIAL = st.sampled_from(
    [
        "cd /srv", "cd sub", "export A=b", "A=b", "set -e", "set -ex", "set -o pipefail", "umask 077", "exit 0", "true",
        "false", "test -f /x", "unset A", ". /etc/profile", "trap 'true' EXIT", "f() { true; }", "[ -d /x ]", "return",
        "apt-get update", "apt-get install -y curl", "rm -rf /var/lib/apt/lists/*", "apk update", "apk add curl",
        "pip install x", "npm install", "ln -sf bash /bin/sh",
    ]
)  # fmt: skip


@st.composite
def simple_commands(draw: st.DrawFn) -> str:
    if draw(st.booleans()):
        return draw(_SPECIAL)
    words = [draw(_NAMES), *draw(st.lists(_WORDS, max_size=3))]
    redirect = draw(st.sampled_from(["", "", "", " > /tmp/o", " 2>&1", " < /dev/null", " >> /tmp/log"]))
    return " ".join(words) + redirect


def _compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    two = st.tuples(inner, inner)
    return st.one_of(
        two.map(" && ".join),
        two.map(" || ".join),
        two.map("; ".join),
        two.map(" | ".join),
        inner.map(lambda body: f"{{ {body}; }}"),
        inner.map(lambda body: f"( {body} )"),
        two.map(lambda pair: f"if {pair[0]}; then {pair[1]}; fi"),
        inner.map(lambda body: f"for i in 1 2; do {body}; done"),
        inner.map(lambda body: f"while {body}; do break; done"),
        inner.map(lambda body: f"case $X in a) {body};; *) true;; esac"),
        inner.map(lambda body: f"! {body}"),
    )


bodies = st.recursive(simple_commands(), _compound, max_leaves=5)


@st.composite
def laid_out(draw: st.DrawFn, newline: str = "\n") -> str:
    """A RUN, perhaps over several lines, with comments and empty lines in its continuations."""
    parts = draw(st.lists(bodies, min_size=1, max_size=3))
    text = parts[0]
    for part in parts[1:]:
        between = draw(st.sampled_from(["", f"    # note{newline}", newline, f"# a{newline}  # b{newline}"]))
        glue = draw(st.sampled_from([f" && \\{newline}{between}    ", f" \\{newline}{between}  && ", " && "]))
        text += glue + part
    return f"RUN {text}{draw(st.sampled_from(['', '', ' ;', ' # why', ' &']))}"


_PLAIN = st.sampled_from(
    [
        "ENV A b", "ENV A=b C='d e'", 'LABEL a="b c"', "ARG X=1", "WORKDIR /srv", "WORKDIR sub", "USER app",
        "USER root",
        "COPY a b /c", "COPY --chown=1 a /b", "ADD a.tar.gz /", "ADD x /y", "EXPOSE 80 443/TCP", "VOLUME /data",
        "CMD a b", 'CMD ["a", "b"]', "ENTRYPOINT exec a", "HEALTHCHECK CMD a", "STOPSIGNAL 9",
        "MAINTAINER Jane \"J\" D",
        "ONBUILD RUN apt-get update", 'SHELL ["/bin/bash", "-c"]', "# comment", "#", "", "  # indented",
        "RUN <<EOF\nset -e\napt-get update\nEOF", "COPY <<A <<B /x/\n1\nA\n2\nB", 'RUN ["a", "b"]',
        "RUN --mount=type=cache,target=/root/.cache/pip pip install x", "# hadolint ignore=DL3059",
    ]
)  # fmt: skip


@st.composite
def dockerfiles(draw: st.DrawFn) -> str:
    """A file of one to three stages; mostly RUNs, so that they meet."""
    newline = draw(st.sampled_from(["\n", "\n", "\n", "\r\n"]))
    lines = ["# syntax=docker/dockerfile:1"] if draw(st.booleans()) else []
    for index in range(draw(st.integers(1, 3))):
        base = draw(
            st.sampled_from(["debian:12", "alpine:3.20", "python:3.12", "scratch", "s0"] if index else ["debian:12"])
        )
        lines.append(f"FROM {base} AS s{index}" if draw(st.booleans()) or index == 0 else f"from {base} as S{index}")
        lines += draw(st.lists(st.one_of(laid_out(newline), laid_out(newline), _PLAIN), max_size=7))
    text = newline.join(line.replace("\r\n", "\n").replace("\n", newline) for line in lines)
    return draw(st.sampled_from(["", "", "\ufeff"])) + text + draw(st.sampled_from(["", newline]))
