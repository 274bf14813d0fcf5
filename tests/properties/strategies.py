"""Generators of shell bodies and Dockerfiles that cover the grammar."""

from __future__ import annotations

from hypothesis import strategies as st

_NAMES = st.sampled_from(["a", "make", "cp", "touch", "curl", "mkdir", "apt-get", "pip", "apk", "rm", "echo"])
_WORDS = st.sampled_from(
    [
        "x", "-y", "install", "update", "'a b'", '"$X"', "$Y", "${Z:-d}", "/tmp/f", "*.c", "--flag=v", "add", "~/f",
        "`date`", "$(id -u)",
        "a\\ b", "'it''s'", "#no", "2", '"a \\"b\\" `date`"', '"${X:+$Y}"', "${X%.c}", "$((1 + 2))",
        "$@", "a#b", '""', "'$X'", '"$(make | sort)"', "{a,b}", "a=b", "[ab]?", "$'t'",
    ]
)  # fmt: skip
_SPECIAL = st.sampled_from(
    [
        "cd /srv", "cd sub", "export A=b", "A=b", "set -e", "set -ex", "set -o pipefail", "set -u", "set -f",
        "set -- p q", "set +e", "umask 077",
        "exit 0", "exit", "exit 1", "true",
        "false", "test -f /x", "unset A", ". /etc/profile", "trap 'true' EXIT", "trap 'make clean' EXIT", "trap - INT",
        "f() { true; }", "f", "[ -d /x ]", "return", "A=$(make)", "A=1 make", "read L < /etc/list", "eval make", "wait",
        "exec make", "exec > /tmp/log", "umask 022", "umask 027", "exec tail",
        "shift", ":", "alias make=true", "local A=1", "ulimit -n 64", "hash -r", "cd - || true",
        "apt-get update", "apt-get install -y curl", "rm -rf /var/lib/apt/lists/*", "apk update", "apk add curl",
        "apt-get clean", "yum install -y curl", "npm ci", "gem install x", "curl -O http://h/x.tar.gz",
        "tar xzf x.tar.gz", "wget http://h/y", "git clone http://h/s.git /tmp/s", "chmod 755 /tmp/o", "rm -rf /tmp/o",
        "pip install x", "npm install", "ln -sf bash /bin/sh",
    ]
)  # fmt: skip
_REDIRECTS = st.sampled_from(
    ["", "", "", "", " > /tmp/o", " 2>&1", " < /dev/null", " >> /tmp/log", " 2>/dev/null", " >/dev/null 2>&1", " >&2",
     " 3>/tmp/o >&3"]
)  # fmt: skip


@st.composite
def simple_commands(draw: st.DrawFn) -> str:
    if draw(st.booleans()):
        return draw(_SPECIAL)
    words = [draw(_NAMES), *draw(st.lists(_WORDS, max_size=3))]
    return " ".join(words) + draw(_REDIRECTS)


def _compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    two = st.tuples(inner, inner)
    simple = st.sampled_from(["cat /etc/x", "cd /srv && pwd", "date; id -u", "! grep -c a b", "X=1 make"])
    return st.one_of(
        two.map(" && ".join),
        two.map(" || ".join),
        two.map("; ".join),
        two.map(" | ".join),
        two.map(" & ".join),
        inner.map(lambda body: f"{{ {body}; }}"),
        inner.map(lambda body: f"( {body} )"),
        st.tuples(inner, _REDIRECTS).map(lambda pair: f"{{ {pair[0]}; }}{pair[1]}"),
        st.tuples(inner, _REDIRECTS).map(lambda pair: f"({pair[0]}){pair[1]}"),
        two.map(lambda pair: f"if {pair[0]}; then {pair[1]}; fi"),
        two.map(lambda pair: f"if ! {pair[0]}; then make; elif {pair[1]}; then true; else false; fi"),
        inner.map(lambda body: f"for i in 1 2; do {body}; done"),
        inner.map(lambda body: f"while {body}; do break; done"),
        inner.map(lambda body: f"until {body}; do break; done"),
        inner.map(lambda body: f"case $X in a) {body};; *) true;; esac"),
        inner.map(lambda body: f'case "$A" in ""|b*) {body} ;; esac'),
        two.map(lambda pair: f"g() {{ {pair[0]}; }}; g && {pair[1]}"),
        inner.map(lambda body: f"! {body}"),
        simple.map(lambda body: f"A=$({body}) && make $A"),
        simple.map(lambda body: f'make "$({body} | sort)"'),
    )


bodies = st.recursive(simple_commands(), _compound, max_leaves=5)


@st.composite
def laid_out(draw: st.DrawFn, newline: str = "\n") -> str:
    """A RUN, perhaps over several lines, with comments and empty lines in its continuations."""
    parts = draw(st.lists(bodies, min_size=1, max_size=3))
    text = parts[0]
    for part in parts[1:]:
        between = draw(st.sampled_from(["", f"    # note{newline}", newline, f"# a{newline}  # b{newline}"]))
        glue = draw(
            st.sampled_from(
                [
                    f" && \\{newline}{between}    ",
                    f" \\{newline}{between}  && ",
                    " && ",
                    f"; \\{newline}  ",
                    f" ;\\{newline}",
                ]
            )
        )
        text += glue + part
    return f"RUN {text}{draw(st.sampled_from(['', '', '', ' ;', ' # why', ' &']))}"


@st.composite
def scripts(draw: st.DrawFn, newline: str = "\n") -> str:
    """A RUN whose script is a here-document, with newlines between commands, comments and here-documents of its own."""
    lines = draw(st.lists(bodies, min_size=1, max_size=3))
    extra = st.sampled_from(
        ["# why", "", "cat > /tmp/o <<E\nx $X\nE", "cat <<-'E' | make\n\tx $X\n\tE", "make <<E && true\nE"]
    )
    lines += draw(st.lists(extra, max_size=2))
    if draw(st.booleans()):
        return newline.join([f"RUN {lines[0]} <<EOF", *(line.replace("<<", "") for line in lines[1:]), "EOF"])
    head = draw(st.sampled_from(["RUN <<EOF", "RUN <<'EOF'", "RUN <<-EOF"]))
    return newline.join([head, *draw(st.permutations(lines)), "EOF"])


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
        lines += draw(st.lists(st.one_of(*([laid_out(newline)] * 4), *([_PLAIN] * 3), scripts(newline)), max_size=7))
    text = newline.join(line.replace("\r\n", "\n").replace("\n", newline) for line in lines)
    return draw(st.sampled_from(["", "", "\ufeff"])) + text + draw(st.sampled_from(["", newline]))
