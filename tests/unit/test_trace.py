"""The judge of shell bodies judged: it must refuse each of these wrong rewrites and accept each of these right ones.

The tables are also the list of what the sandbox was built to see.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.trace import (
    SHELLS,
    Allowance,
    Assignment,
    Body,
    Ending,
    Kind,
    Replacement,
    Sandbox,
    Unavailable,
    UnsupportedShell,
    Verdict,
    Words,
    judge,
    run,
    toolchain,
    unavailable,
)
from tests.trace.model import NOTHING, Job
from tests.trace.oracle import matches, normal, output, root_of, status, used_paths
from tests.trace.places import is_place, places
from tests.trace.sandbox import MODES

needs_sandbox = pytest.mark.skipif(unavailable() is not None, reason=f"no sandbox: {unavailable()}")

APT_LISTS = Allowance(
    added=(("rm", "-rf", "/var/lib/apt/lists/*"), ("apt-get", "clean")),
    missing_paths=("/var/lib/apt/lists/*",),
)
PIP_CACHE = Allowance(inserted=(Words(("pip", "install"), ("--no-cache-dir",)),),
                      missing_paths=("/root/.cache/pip/package",))  # fmt: skip
SOURCES = Allowance(added=(("rm", "-rf", "/tmp/src"),), missing_paths=("/tmp/src",))
LISTS_AND_SOURCES = Allowance(missing_paths=("/var/lib/apt/lists/*", "/tmp/src"))
APT = Allowance(replaced=(Replacement(("apt", "-y", "update"), ("apt-get", "-y", "update")),
                          Replacement(("apt", "install"), ("apt-get", "install"))))  # fmt: skip
SUDO = Allowance(replaced=tuple(Replacement(("sudo", one), (one,)) for one in ("a", "mkdir")))
SORTED = Allowance(reordered=(("apt-get", "install"),))
CACHE_OPERAND = Allowance(dropped=(Words(("rm",), ("/var/cache/apk/*",)),))
APK = Allowance(removed=(("apk", "update"),), inserted=(Words(("apk", "add"), ("--no-cache",)),),
                missing_paths=("/var/cache/apk/index",))  # fmt: skip
VARIABLE = Allowance(assigned=(Assignment(("a",), "N", "1"),))
PIPES = Allowance(pipes=True)


@dataclass(frozen=True)
class Case:
    """Bodies before and after; `kind` is what a wrong rewrite must be refused for."""

    name: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    kind: Kind | None = None
    allow: Allowance = NOTHING


WRONG = (
    Case("leaked cd", ("cd /x", "touch y && make"), ("cd /x && touch y && make",), Kind.EVENTS),
    Case("leaked cd, builtins only", ("cd /tmp", "echo a > f"), ("cd /tmp && echo a > f",), Kind.TREE),
    Case("leaked cd, relative", ("cd src", "cd src && make"), ("cd src && cd src && make",), Kind.EVENTS),
    Case("leaked variable", ("V=1; a", "b $V"), ("V=1; a && b $V",), Kind.EVENTS),
    Case("leaked export", ("export V=1 && a", "b"), ("export V=1 && a && b",), Kind.EVENTS),
    Case("leaked export of an image variable", ("PATH=/x:$PATH a; PATH=/y:$PATH", "b"),
         ("PATH=/x:$PATH a; PATH=/y:$PATH && b",), Kind.EVENTS),
    Case("leaked unset", ("unset HOME; a", "b"), ("unset HOME; a && b",), Kind.EVENTS),
    Case("leaked set -e", ("set -e; a", "b; c"), ("set -e; a; b; c",), Kind.EVENTS),
    Case("set -e in a list that tests it", ("set -e; a; b", "c"), ("(set -e; a; b) && c",), Kind.EVENTS),
    Case("leaked set -f", ("set -f; a", "b /e*"), ("set -f; a && b /e*",), Kind.EVENTS),
    Case("leaked set --", ("set -- p q; a", 'b "$@"'), ('set -- p q; a && b "$@"',), Kind.EVENTS),
    Case("leaked umask", ("umask 077 && a", "touch f"), ("umask 077 && a && touch f",), Kind.EVENTS),
    Case("leaked umask, builtins only", ("umask 077", "echo > f"), ("umask 077 && echo > f",), Kind.TREE),
    Case("leaked function", ("b() { echo mine; }; a", "b"), ("b() { echo mine; }; a && b",), Kind.EVENTS),
    Case("leaked alias or IFS", ("IFS=:; a", "v=p:q; b $v"), ("IFS=:; a && v=p:q; b $v",), Kind.EVENTS),
    Case("leaked limit", ("ulimit -n 64 && a", "b"), ("ulimit -n 64 && a && b",), Kind.EVENTS),
    Case("leaked redirection", ("exec > log; a", "b"), ("exec > log; a && b",), Kind.EVENTS),
    Case("leaked trap", ("trap 'on-exit' EXIT; a", "b"), ("trap 'on-exit' EXIT; a && b",), Kind.EVENTS),
    Case("exec swallows the rest", ("exec a", "b"), ("exec a && b",), Kind.EVENTS),
    Case("dropped || true", ("a || true", "b"), ("a && b",), Kind.EVENTS),
    Case("added || true", ("a", "b"), ("a || true && b",), Kind.EVENTS),
    Case("; for &&", ("a && b",), ("a; b",), Kind.EVENTS),
    Case("; between RUNs", ("a", "b"), ("a; b",), Kind.EVENTS),
    Case("&& for ;", ("a; b", "c"), ("a && b && c",), Kind.EVENTS),
    Case("|| not grouped", ("a && b", "c || d", "e"), ("a && b && c || d && e",), Kind.EVENTS),
    Case("&& binds to the last of a list", ("a; b || c", "d"), ("a && b || c && d",), Kind.EVENTS),
    Case("status of a pipe", ("a", "b | c"), ("a | b | c",), Kind.EVENTS),
    Case("failure hidden at the end", ("a", "b"), ("a && b || :",), Kind.OUTCOME),
    Case("failure hidden by a pipe", ("a",), ("a | true",), Kind.EVENTS),
    Case("negation lost", ("! a",), ("a",), Kind.OUTCOME),
    Case("cleanup before use", ("apt-get update", "apt-get install -y x"),
         ("apt-get update && rm -rf /var/lib/apt/lists/* && apt-get install -y x",), Kind.EVENTS, APT_LISTS),
    Case("cleanup before a later RUN", ("apt-get update && apt-get install -y x", "apt-get install -y y"),
         ("apt-get update && apt-get install -y x && rm -rf /var/lib/apt/lists/*", "apt-get install -y y"),
         Kind.EVENTS, APT_LISTS),
    Case("cleanup of what is named later", ("git clone http://h/src.git /tmp/src", "make -C /tmp/src"),
         ("git clone http://h/src.git /tmp/src && rm -rf /tmp/src && make -C /tmp/src",), Kind.EVENTS, SOURCES),
    Case("cleanup of where a command stands", ("git clone http://h/s.git /tmp/src", "cd /tmp/src && make"),
         ("git clone http://h/s.git /tmp/src; rm -rf /tmp/src && cd /tmp/src && make",), Kind.EVENTS, SOURCES),
    Case("cleanup of another path", ("apt-get update",), ("apt-get update && rm -rf /var/lib/apt",), Kind.EVENTS,
         APT_LISTS),
    Case("unclaimed removal", ("touch /opt/a",), ("touch /opt/a && rm /opt/a",), Kind.EVENTS, APT_LISTS),
    Case("unclaimed missing file", ("echo > /opt/a",), (":",), Kind.TREE, APT_LISTS),
    Case("cleanup in a comment", ("apt-get update", "a"), ("apt-get update # && rm -rf /var/lib/apt/lists/* && a",),
         Kind.EVENTS, APT_LISTS),
    Case("reordered commands", ("a", "b"), ("b && a",), Kind.EVENTS),
    Case("reordered redirections", ("echo 1 > f", "echo 2 > f"), ("echo 2 > f && echo 1 > f",), Kind.TREE),
    Case("exit 0 swallows the rest", ("a; exit 0", "b"), ("a; exit 0 && b",), Kind.EVENTS),
    Case("exit where a file is found swallows the rest", ("test -f /x && exit 0; a", "b"),
         ("test -f /x && exit 0; a && b",), Kind.EVENTS),
    Case("append where a file may be", ("echo a > /opt/f",), ("echo a >> /opt/f",), Kind.TREE),
    Case("exit in a group swallows the rest", ("a || exit 0", "b"), ("{ a || exit 0; } && b",), Kind.EVENTS),
    Case("return code of exit lost", ("a; exit 3",), ("(a; exit 3); :",), Kind.OUTCOME),
    Case("changed quoting", ("a 'x  y'",), ("a x  y",), Kind.EVENTS),
    Case("changed quoting, expansion", ("V='p q'; a \"$V\"",), ("V='p q'; a $V",), Kind.EVENTS),
    Case("changed quoting, no expansion", ('a "$HOME"',), ("a '$HOME'",), Kind.EVENTS),
    Case("changed quoting of a glob", ("a '/e*'",), ("a /e*",), Kind.EVENTS),
    Case("changed quoting of echo", ("echo 'x  y' > f",), ("echo x  y > f",), Kind.TREE),
    Case("changed quoting on standard output", ("echo 'x  y'",), ("echo x  y",), Kind.OUTPUT),
    Case("lost backslash", (r"printf 'a\\nb' > f",), (r"printf 'a\nb' > f",), Kind.TREE),
    Case("a dropped command", ("a && b", "c"), ("a && c",), Kind.EVENTS),
    Case("a doubled command", ("a", "b"), ("a && b && b",), Kind.EVENTS),
    Case("a lost package", ("apt-get install -y x y",), ("apt-get install -y x",), Kind.EVENTS),
    Case("an unclaimed flag", ("pip install x",), ("pip install --no-cache-dir -U x",), Kind.EVENTS, PIP_CACHE),
    Case("a flag on the wrong command", ("pip download x",), ("pip download --no-cache-dir x",), Kind.EVENTS,
         PIP_CACHE),
    Case("an unclaimed command", ("a",), ("a && apt-get clean",), Kind.EVENTS),
    Case("changed redirection target", ("echo a > /f",), ("echo a > /g",), Kind.TREE),
    Case("changed redirection of a command", ("a > /f",), ("a > /g",), Kind.EVENTS),
    Case("append made overwrite", ("echo 1 > f; echo 2 >> f",), ("echo 1 > f; echo 2 > f",), Kind.TREE),
    Case("redirection of one given to both", ("a", "b > f"), ("{ a && b; } > f",), Kind.EVENTS),
    Case("standard error thrown away", ("a",), ("a 2>/dev/null",), Kind.EVENTS),
    Case("changed mode", ("touch f && chmod 755 f",), ("touch f && chmod 777 f",), Kind.EVENTS),
    Case("changed link", ("ln -s /a l",), ("ln -s /b l",), Kind.EVENTS),
    Case("changed environment of one command", ("V=1 a",), ("V=2 a",), Kind.EVENTS),
    Case("export where a prefix was", ("V=1 a; b",), ("export V=1; a; b",), Kind.EVENTS),
    Case("changed heredoc", ("cat > f <<E\nx $HOME\nE\n",), ("cat > f <<'E'\nx $HOME\nE\n",), Kind.EVENTS),
    Case("changed input", ("a <<E\nx\nE\n",), ("a <<E\ny\nE\n",), Kind.EVENTS),
    Case("loop over less", ("for i in 1 2 3; do a $i; done",), ("for i in 1 2; do a $i; done",), Kind.EVENTS),
    Case("condition turned", ("if a; then b; fi",), ("if ! a; then b; fi",), Kind.EVENTS),
    Case("case arm changed", ("case $(uname -m) in x86_64) a;; *) b;; esac",),
         ("case $(uname -m) in x86*64) b;; *) a;; esac",), Kind.EVENTS),
    Case("subshell keeps a directory in", ("cd /x && a && b",), ("(cd /x && a) && b",), Kind.EVENTS),
    Case("a claimed flag taken away", ("pip install --no-cache-dir x",), ("pip install x",), Kind.EVENTS, PIP_CACHE),
    Case("a claimed variable of another value", ("a",), ("N=2 a",), Kind.EVENTS, VARIABLE),
    Case("a claimed variable for another command", ("b",), ("N=1 b",), Kind.EVENTS, VARIABLE),
    Case("claimed words for an operand", ("a apt update",), ("a apt-get update",), Kind.EVENTS, APT),
    Case("claimed words turned round", ("apt-get -y update",), ("apt -y update",), Kind.EVENTS, APT),
    Case("sudo gone from another command", ("sudo b",), ("b",), Kind.EVENTS, SUDO),
    Case("sudo for a builtin of other habits",
         (r"sudo echo 'a\nb' > /f",), (r"printf 'a\nb\n' > /f",), Kind.TREE, SUDO),
    Case("claimed order, another package", ("apt-get install b a",), ("apt-get install a c",), Kind.EVENTS, SORTED),
    Case("index of apk missing", ("apk update && apk add a",), ("apk add a",), Kind.EVENTS, APK),
    Case("cleanup whose failure is taken for another's", ("apt-get update || a",),
         ("{ apt-get update && apt-get clean; } || a",), Kind.EVENTS, APT_LISTS),
    Case("cleanup that prints into a pipe", ("a | tee f",),
         ("{ a && apt-get clean; } | tee f",), Kind.EVENTS, APT_LISTS),
    Case("until for while", ("while test -f /a; do b; done",), ("until test -f /a; do b; done",), Kind.EVENTS),
    Case("leaked state of a sourced file", (". /etc/x && a", "b"), (". /etc/x && a && b",), Kind.EVENTS),
    Case("leaked variable that was read", ("read X < /etc/x", "b $X"), ("read X < /etc/x && b $X",), Kind.EVENTS),
    Case("one cleanup for another", ("apt-get update && rm -rf /tmp/src",),
         ("apt-get update && rm -rf /var/lib/apt/lists/*",), Kind.EVENTS, LISTS_AND_SOURCES),
    Case("pipefail and more", ("a | b; c", "d"), ("a | b && c", "d"), Kind.EVENTS, PIPES),
    Case("syntax broken", ("a", "b"), ("a && && b",), Kind.SYNTAX),
    Case("next body in a comment", ("a # why", "b"), ("a # why && b",), Kind.EVENTS),
    Case("heredoc swallows the next", ("cat > f <<E\nx\nE\n", "a"), ("cat > f <<E\nx\nE && a\n",), Kind.EVENTS),
    Case("background loses its failure", ("a", "b"), ("a & wait && b",), Kind.EVENTS),
)  # fmt: skip

RIGHT = (
    Case("nothing changed", ("a; b | c || d",), ("a; b | c || d",)),
    Case("two RUNs", ("a", "b"), ("a && b",)),
    Case("three RUNs", ("a", "b x", "c y"), ("a && b x && c y",)),
    Case("one RUN in two", ("a && b",), ("a", "b")),
    Case("list grouped", ("a; b", "c"), ("{ a; b; } && c",)),
    Case("or grouped", ("a || b", "c || d"), ("{ a || b; } && { c || d; }",)),
    Case("|| true kept", ("a || true", "b"), ("{ a || true; } && b",)),
    Case("|| true in front", ("a || true", "b"), ("a || true && b",)),
    Case("cd in a subshell", ("cd x && a", "b"), ("(cd x && a) && b",)),
    Case("cd back", ("cd /x && a", "b"), ("cd /x && a && cd / && b",)),
    Case("exit in a subshell", ("a; exit 0", "b"), ("(a; exit 0) && b",)),
    Case("failing exit in a subshell", ("a || exit 3", "b"), ("(a || exit 3) && b",)),
    Case("export in a subshell", ("export V=1; a", "b"), ("(export V=1; a) && b",)),
    Case("variable used in both", ("V=1 && a $V", "V=2 && b $V"), ("V=1 && a $V && V=2 && b $V",)),
    Case("pipelines", ("a | b | c", "d | e"), ("a | b | c && d | e",)),
    Case("pipeline into files", ("curl -L http://h/x | tar xz -C /opt", "echo a | tee /etc/new/f"),
         ("curl -L http://h/x | tar xz -C /opt && echo a | tee /etc/new/f",)),
    Case("substitutions", ('V="$(a | b)" && c "$V"', "d `e`"), ('V="$(a | b)" && c "$V" && d `e`',)),
    Case("set -e on both", ("set -e; a; b", "set -e; c; d"), ("set -e; a; b; c; d",)),
    Case("if", ("if a; then b; else c; fi", "d"), ("if a; then b; else c; fi && d",)),
    Case("loop", ("for i in 1 2; do a $i || exit 1; done", "b"), ("for i in 1 2; do a $i || exit 1; done && b",)),
    Case("heredoc", ("cat > f <<E\nx $HOME\nE\n", "a"), ("cat > f <<E && a\nx $HOME\nE\n",)),
    Case("files", ("mkdir -p /app/a && cd /app/a && touch x && mv x y && ln -s y z", "chmod -R 700 /app"),
         ("mkdir -p /app/a && (cd /app/a && touch x && mv x y && ln -s y z) && chmod -R 700 /app",)),
    Case("trap in a subshell", ("trap 'z' EXIT; a", "b"), ("(trap 'z' EXIT; a) && b",)),
    Case("white space", ("a   x\t y;b",), ("a x y; b",)),
    Case("quoting that means the same", ("a 'x' \"y\"",), ("a x y",)),
    Case("claimed cleanup", ("apt-get update", "apt-get install -y x"),
         ("apt-get update && apt-get install -y x && rm -rf /var/lib/apt/lists/*",), None, APT_LISTS),
    Case("claimed cleanup beside the user's", ("apt-get update && apt-get install -y x && apt-get clean",),
         ("apt-get update && apt-get install -y x && apt-get clean && rm -rf /var/lib/apt/lists/*",), None, APT_LISTS),
    Case("claimed cleanup, lists fetched again", ("apt-get update && apt-get install x",
          "apt-get update && apt-get install y"),
         ("apt-get update && apt-get install x && rm -rf /var/lib/apt/lists/*",
          "apt-get update && apt-get install y && rm -rf /var/lib/apt/lists/*"), None, APT_LISTS),
    Case("claimed cleanup of sources", ("git clone http://h/s.git /tmp/src && cd /tmp/src && make install", "a"),
         ("git clone http://h/s.git /tmp/src && cd /tmp/src && make install && rm -rf /tmp/src", "a"), None, SOURCES),
    Case("claimed flag", ("pip install x", "a"), ("pip install --no-cache-dir x && a",), None, PIP_CACHE),
    Case("claimed flag where output is used", ("pip install x | tee f", "a $(pip install y)"),
         ("pip install --no-cache-dir x | tee f && a $(pip install --no-cache-dir y)",), None, PIP_CACHE),
    Case("claimed removal", ("a && apt-get clean", "b"), ("a && b",), None,
         Allowance(removed=(("apt-get", "clean"),))),
    Case("claimed variable", ("a",), ("N=1 a",), None, VARIABLE),
    Case("claimed words", ("apt -y update && apt install x",), ("apt-get -y update && apt-get install x",), None, APT),
    Case("sudo gone", ("sudo a && sudo b x",), ("a && sudo b x",), None, SUDO),
    Case("sudo gone before a command that acts", ("sudo mkdir -p /x && sudo rm -r /x/y; a > /x/z",),
         ("mkdir -p /x && sudo rm -r /x/y; a > /x/z",), None, SUDO),
    Case("claimed order", ("apt-get install b a c",), ("apt-get install a b c",), None, SORTED),
    Case("claimed operand", ("rm -rf /tmp/x /var/cache/apk/*",), ("rm -rf /tmp/x",), None, CACHE_OPERAND),
    Case("index of apk", ("apk update && apk add a",), ("apk add --no-cache a",), None, APK),
    Case("cleanup of what the user cleans", ("apt-get update && a", "b; rm -rf /var/lib/apt/lists/*"),
         ("apt-get update && a && rm -rf /var/lib/apt/lists/*", "b; rm -rf /var/lib/apt/lists/*"), None, APT_LISTS),
)  # fmt: skip


def bodies(scripts: tuple[str, ...], shell: str = "/bin/sh") -> tuple[Body, ...]:
    return tuple(Body(script, (shell, "-c"), env=(("MOOD", "calm"),)) for script in scripts)


def verdict(case: Case, shell: str, seeds: int) -> Verdict:
    return judge(bodies(case.before), bodies(case.after), case.allow, seeds=range(seeds), shells=(shell,))


def name_of(case: Case) -> str:
    return case.name


@needs_sandbox
@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("case", WRONG, ids=name_of)
def test_refuses(case: Case, shell: str) -> None:
    found = verdict(case, shell, 3)
    if not found.wrong:  # one that shows only when a command fails
        found = verdict(case, shell, 20)
    assert found.wrong
    assert case.kind in {difference.kind for difference in found.differences}, list(map(str, found.differences))


@needs_sandbox
@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("case", RIGHT, ids=name_of)
def test_accepts(case: Case, shell: str) -> None:
    found = verdict(case, shell, 8)
    assert not found.differences, list(map(str, found.differences))
    assert found.compared + found.repeated == 8
    assert found.limited == 0


@needs_sandbox
@pytest.mark.parametrize("shell", ["bash", "ash"])
def test_pipefail_stops_at_pipes_and_does_nothing_else(shell: str) -> None:
    before = bodies(("a | b", "c | d > /f; e"))
    strict = bodies(("set -o pipefail; a | b", "set -o pipefail; c | d > /f; e"))
    claimed = judge(before, strict, PIPES, shells=(shell,))
    assert not claimed.differences, list(map(str, claimed.differences))
    assert judge(before, strict, shells=(shell,)).wrong
    assert judge(before, bodies(("set -eo pipefail; a | b", strict[1].script[:-3])), PIPES, shells=(shell,)).wrong


@needs_sandbox
@pytest.mark.parametrize("script", ["a && b | c", "cd /x; [ -d /y ] || a", "a $(b) && c", "id x && a; . /f"])
def test_seeds_that_let_nothing_fail_repeat_the_first(script: str) -> None:
    side = bodies((script,))
    seeds = range(40)
    found = judge(side, side, seeds=seeds, shells=("dash",))
    assert found.compared + found.repeated == len(seeds)
    first = run(side, "dash", 0)
    same = [seed for seed in seeds if [one.argv for one in run(side, "dash", seed).events if not one.status]
            == [one.argv for one in first.events]]  # fmt: skip
    assert found.compared > 0
    assert found.repeated <= len(same)


@needs_sandbox
def test_failures_are_walked() -> None:
    found = judge(bodies(("a", "b", "c", "d")), bodies(("a && b && c && d",)))
    assert 0 < found.failed < found.compared


@needs_sandbox
@pytest.mark.parametrize(
    ("script", "shell"),
    [("a & b & c & wait", "/bin/sh"), ("for i in 1 2 3 4; do a $i & done; wait", "/bin/sh"),
     ("a $$ $RANDOM", "/bin/bash")],
)  # fmt: skip
def test_races_are_unstable_not_equal(script: str, shell: str) -> None:
    found = judge(bodies((script, "z"), shell), bodies((f"{{ {script}; }} && z",), shell), shells=("bash",))
    assert found.differences
    assert {difference.kind for difference in found.differences} == {Kind.UNSTABLE}
    assert not found.wrong


@needs_sandbox
@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    "script", ["a & wait", "a & wait; b", "{ sleep 1; a; } & wait $! && b", "a 2>&1 | b &>/dev/null; c"]
)
def test_one_thing_at_a_time_in_the_background_is_stable(script: str, shell: str) -> None:
    seeds = (0,)  # with failures, whether `a &>f` is bash's redirection or a job decides what runs at once
    found = judge(bodies((script.replace("&>/dev/null", ">/dev/null"),)), bodies((script.replace("&>", ">"),)),
                  seeds=seeds, shells=(shell,))  # fmt: skip
    assert not found.differences, list(map(str, found.differences))


@needs_sandbox
@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("script", ["while true; do a; done", "f() { f; a; }; while :; do a | b; done"])
def test_endless_bodies_are_inconclusive(script: str, shell: str) -> None:
    found = judge(bodies((script,)), bodies((f"{{ {script}; }}",)), seeds=(0,), shells=(shell,))
    assert [difference.kind for difference in found.differences] == [Kind.INCONCLUSIVE]
    assert found.limited == 1


@needs_sandbox
@pytest.mark.parametrize("shell", SHELLS)
def test_a_body_without_commands_ends_by_the_clock(shell: str) -> None:
    assert run(bodies(("while :; do :; done",)), shell, 0).outcome.ending is Ending.LIMIT


@needs_sandbox
def test_endless_bodies_differ_where_they_start_to() -> None:
    found = judge(bodies(("a; while true; do b; done",)), bodies(("while true; do b; done",)), seeds=(0,))
    assert {difference.kind for difference in found.differences} == {Kind.EVENTS}


@needs_sandbox
def test_shells_that_reject_the_original_are_left_out() -> None:
    found = judge(bodies(("a < <(b)", "c")), bodies(("a < <(b) && c",)), seeds=(0, 1))
    assert found.unparsable == ("dash",)
    found = judge(bodies(("if",)), bodies(("fi",)))
    assert [difference.kind for difference in found.differences] == [Kind.INCONCLUSIVE]


@needs_sandbox
def test_bash_bodies_run_in_bash_once() -> None:
    script = "set -o pipefail; x=(1 2); a ${x[1]}"
    found = judge(bodies((script,), "/bin/bash"), bodies((script,), "/bin/bash"), seeds=range(5))
    assert (found.compared + found.repeated, found.differences) == (5, ())


@needs_sandbox
def test_shell_options_count() -> None:
    strict = Body("a | b", ("/bin/bash", "-o", "pipefail", "-c"))
    found = judge([strict], [Body("a | b", ("/bin/bash", "-c"))])
    assert {difference.kind for difference in found.differences} == {Kind.OUTCOME}


@needs_sandbox
def test_frame_counts() -> None:
    for other in (Body("a", cwd="/y"), Body("a", env=(("V", "1"),))):
        found = judge([Body("a")], [other], seeds=(0,))
        assert {difference.kind for difference in found.differences} == {Kind.EVENTS}


@needs_sandbox
@pytest.mark.parametrize("shell", SHELLS)
def test_missing_places_and_files_are_provided(shell: str) -> None:
    script = "cd /no/such && a; cd rel/to && b; . /etc/new/profile; c < in; [ -d /nothing ] || d; cd ../up$MOOD && e"
    trace = run(bodies((script,)), shell, 0)
    seen = [(event.argv[0], event.cwd) for event in trace.events]
    here = "/no/such/rel/to"
    assert seen == [("a", "/no/such"), ("b", here), ("c", here), ("d", here), ("e", "/no/such/rel/upcalm")]


@needs_sandbox
@pytest.mark.parametrize("shell", SHELLS)
def test_pipelines_are_in_order(shell: str) -> None:
    script = "{ a; b; } | c | while read line; do d $line; done | (e; f) > out; g < out"
    traces = [run(bodies((script,)), shell, 0) for _ in range(20)]
    assert [event.argv[0] for event in traces[0].events] == list("abcdefg")
    assert all(trace.events == traces[0].events for trace in traces)


@needs_sandbox
@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    "script",
    [
        "rm -rf /* /.trace /dev /proc",
        "kill -9 -1; kill -9 1; kill -INT 1; kill -TERM 1",
        "exec 3<>/dev/tcp/127.0.0.1/22",
        "echo x > /proc/sys/kernel/hostname; echo x > /proc/1/oom_score_adj; echo x > /dev/sda",
        "f() { f | f & }; f; f; f; wait",
        "while :; do mkdir d; cd d; done",
        "i=; while :; do i=$i/d; mkdir -p .$i$i$i; done",
        "while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; done > f",
        "x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; done",
        "mkdir d; echo > d/f; chmod 0 d d/f; umask 777; mkdir e; echo > e/f",
        "printf '\\177ELF' > x; chmod 755 x; ./x; cp /.trace/busybox b; ./b rm x",
        "mkdir -p var; rm -rf /var; ln -s /etc /var; rm /tmp; echo > /tmp",
    ],
)
def test_hostile_bodies_stay_inside(script: str, shell: str) -> None:
    """Whatever a body does to its sandbox, the next one finds it as new."""
    plain = run(bodies(("cat /etc/x; a > f; mkdir d; b | c",)), shell, 0)
    run(bodies((script,)), shell, 0)
    again = run(bodies(("cat /etc/x; a > f; mkdir d; b | c",)), shell, 0)
    assert again == plain


@needs_sandbox
@pytest.mark.parametrize("shell", SHELLS)
def test_nothing_of_the_machine_is_visible(shell: str) -> None:
    script = "for f in /* /.[a-z]* /proc/[0-9]*; do echo $f; done > /out; read name < /proc/sys/kernel/hostname"
    trace = run(bodies((script,)), shell, 0)
    assert not any(path.startswith(("/work", "/boot", "/usr/bin/")) for path in trace.tree)
    assert run(bodies(("cat /etc/passwd /etc/shadow /root/.ssh/id_rsa > /out",)), shell, 0).tree["/out"].content == (
        run(bodies((": > /out",)), shell, 0).tree["/out"].content
    )


@needs_sandbox
@pytest.mark.parametrize("mode", MODES)
def test_each_way_of_isolation(mode: str) -> None:
    try:
        sandbox = Sandbox((mode,))
    except Unavailable as reason:
        pytest.skip(str(reason))
    with sandbox:
        hostile = bodies(("mkdir -p d/e; echo > d/f; chmod 0 d/f d/e d; kill -9 1; rm -rf /dev /.trace",))
        useful = bodies(("cd /new && a | tee f > /dev/stderr && umask 700 && mkdir d && b",))
        traces = sandbox.run_all([Job(side, shell, 0) for shell in SHELLS for side in (useful, hostile, useful)])
        assert traces[::3] == traces[2::3]
        assert [event.argv[0] for event in traces[0].events] == ["a", "tee", "mkdir", "b"]
        assert {path: node.mode for path, node in traces[0].tree.items() if "/new" in path} == {
            "/new": 0o755,
            "/new/f": 0o644,
            "/new/d": 0o077,
        }
        rights = bodies(("while read name value; do [ $name = CapEff: ] && has $value; done < /proc/self/status",))
        (event,) = sandbox.run_all([Job(rights, "dash", 0)])[0].events
        assert int(event.argv[1], 16) == (0b1010 if mode == "user" else 0)  # DAC_OVERRIDE and FOWNER, or nothing


@pytest.mark.parametrize("body", ["a\0b", "x" * 200_000])
def test_what_no_kernel_takes_is_refused(body: str) -> None:
    with pytest.raises(ValueError, match=r"NUL|longer"):
        Body(body)


def test_relative_directories_are_refused() -> None:
    with pytest.raises(ValueError, match="absolute"):
        Body("a", cwd="x")


@pytest.mark.parametrize("shell", [("powershell", "-Command"), ("cmd", "/S", "/C"), ("/usr/bin/python3", "-c")])
def test_foreign_shells_are_refused(shell: tuple[str, ...]) -> None:
    with pytest.raises(UnsupportedShell):
        judge([Body("a", shell)], [Body("a", shell)], seeds=(0,))


def test_a_machine_without_a_compiler_has_no_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    toolchain.files.cache_clear()
    try:
        with pytest.raises(Unavailable, match="compiler"):
            Sandbox()
    finally:
        toolchain.files.cache_clear()


def test_oracle_is_fixed_by_seed_command_and_occurrence() -> None:
    argv = ("make", "install")
    answers = [[status(seed, argv, call) for call in range(200)] for seed in range(9)]
    assert answers == [[status(seed, argv, call) for call in range(200)] for seed in range(9)]
    assert not any(answers[0])
    assert all(any(row) and not all(row) for row in answers[1:])
    share = sum(bool(code) for row in answers[1:] for code in row) / 1600
    assert 0.09 < share < 0.15
    assert len({tuple(row) for row in answers}) == 9


def test_outputs_tell_commands_apart() -> None:
    assert output(0, ("a", "b")) != output(0, ("a", "c"))
    assert output(0, ("a", "b")) != output(1, ("a", "b"))
    assert output(3, ("/bin/uname", "-m")) == "x86_64\n"


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (("rm", "-rf", "/var/lib/apt/lists/*"), True),
        (("/bin/rm", "-rf", "/var/lib/apt/lists/a", "/var/lib/apt/lists/b/c"), True),
        (("rm", "-rf", "/var/lib/apt/lists/a", "/etc"), False),
        (("rm", "-rf", "/var/lib/apt/lists"), False),
        (("rm", "-rf"), False),
        (("rm", "/var/lib/apt/lists/a"), False),
        (("xrm", "-rf", "/var/lib/apt/lists/a"), False),
        (("apt-get", "clean"), True),
        (("apt-get", "cleaner"), False),
        ((), False),
    ],
)
def test_patterns(argv: tuple[str, ...], expected: bool) -> None:
    assert matches(argv, APT_LISTS.added) is expected


def test_flags_count_only_where_allowed() -> None:
    def shown(*argv: str) -> tuple[str, ...]:
        return normal(argv, PIP_CACHE)

    assert shown("/usr/bin/pip", "-q", "install", "--no-cache-dir", "x") == ("/usr/bin/pip", "-q", "install", "x")
    assert shown("sudo", "pip", "install", "--no-cache-dir") == ("sudo", "pip", "install")
    assert "--no-cache-dir" in shown("pip", "download", "--no-cache-dir")
    assert "--no-cache-dir" in shown("pipx", "install", "--no-cache-dir")
    assert "--no-cache-dir" in shown("echo", "pip", "install", "--no-cache-dir")


def test_users_of_removable_paths() -> None:
    globs = APT_LISTS.missing_paths
    assert root_of("/var/cache/apk/*") == "/var/cache/apk"
    assert root_of("/tmp/x*") == "/tmp"
    assert root_of("/tmp/src") == "/tmp/src"
    assert used_paths(("apt-get", "-y", "install", "x"), "/", globs) == ("/var/lib/apt/lists",)
    assert used_paths(("make",), "/", globs) == ()
    assert used_paths(("make",), "/var/lib/apt/lists/partial", globs) == ("/var/lib/apt/lists",)
    assert used_paths(("ls", "/var/lib/apt/lists"), "/", globs) == ("/var/lib/apt/lists",)


def test_places_of_cd() -> None:
    found = places([Body("cd /a/b; (cd 'c d' && x); cd \"n-${V}\"; pushd $X; cd ~/q; abcd /z; cd -P /w")])
    assert {"/a", "/a/b", "*/c d", "*/n-*", "*/q", "/w"} == set(found)
    assert is_place("/srv/n-1.2", found)
    assert not is_place("/z", found)
