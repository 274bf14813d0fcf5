"""What a request breaks: files and stages that the head asks for, that were there, and are there no more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from dockerslim_rewrite.report.markdown import markdown
from dockerslim_rewrite.report.review import review_lines, summary
from dockerslim_rewrite.review.run import Review

from .test_review import Make, run

FILES = {"compose.yaml": "services: {a: {build: .}}\n"}
ONE = 'FROM debian:12-slim\n{}\nUSER 1000\nCMD ["x"]\n'
TWO = 'FROM debian:12-slim AS {}\nRUN make x\nFROM debian:12-slim\n{}\nUSER 1000\nCMD ["x"]\n'
THREE = """\
FROM debian:12-slim AS files
COPY {} /f/
{}FROM debian:12-slim
RUN --mount=from=files,source=/f/a.txt,target=/a cat /a
COPY --from=files /f/a.txt /q
USER 1000
CMD ["x"]
"""


def told(
    repo: Make, before: Mapping[str, str], after: Mapping[str, str] = {}, moved: Mapping[str, str] = {}
) -> list[tuple[int, bool, str]]:
    """What the review tells of the request: lines, whether it is an error, and the reasons."""
    made = repo(dict(before), {})
    for old, new in moved.items():
        made.git("mv", old, new) if new else made.git("rm", "-q", old)
    made.write(dict(after))
    made.commit()
    reviews = [run(made, head=head) for head in (None, "HEAD")]
    assert not any("the rewriter failed" in line for one in reviews for line in one.skipped)
    found = [notes_of(one) for one in reviews]
    assert found[0] == found[1]
    return found[0]


def notes_of(found: Review) -> list[tuple[int, bool, str]]:
    return [(note.line, note.breaks, note.reason) for file in found.files for note in file.notes]


@pytest.mark.parametrize("known", [{}, FILES])
@pytest.mark.parametrize(
    ("instruction", "keyword"),
    [
        ("COPY a.txt /r", "COPY"),
        ("ADD a.txt /r", "ADD"),
        ("RUN --mount=type=bind,source=a.txt,target=/r cat /r", "RUN"),
        ("RUN --mount=src=a.txt,target=/r cat /r", "RUN"),
    ],
)
@pytest.mark.parametrize(
    ("target", "fate"), [("", "deleted"), ("A.txt", "renamed to A.txt"), ("b.txt", "renamed to b.txt")]
)
def test_a_source_that_the_request_takes_away_is_an_error(
    repo: Make, known: dict[str, str], instruction: str, keyword: str, target: str, fate: str
) -> None:
    found = told(repo, {"Dockerfile": ONE.format(instruction), "a.txt": "x\n", **known}, moved={"a.txt": target})
    assert found == [(2, True, f"a.txt is {fate} by this change, so {keyword} fails")]


def test_it_is_one_on_a_touched_line_too_and_one_for_each_source(repo: Make) -> None:
    before = {"Dockerfile": ONE.format("COPY a.txt b.txt /r/"), "a.txt": "x\n", "b.txt": "y\n", **FILES}
    after = {"Dockerfile": ONE.format("COPY a.txt b.txt /s/")}
    found = told(repo, before, after, {"a.txt": "", "b.txt": ""})
    assert [one[:2] for one in found] == [(2, True)] * 2
    assert [one[2].split()[0] for one in found] == ["a.txt", "b.txt"]


def test_a_source_that_an_ignore_file_keeps_out_now_is_an_error(repo: Make) -> None:
    before = {"Dockerfile": ONE.format("COPY a.txt /r"), "a.txt": "x\n", **FILES}
    found = told(repo, before, {".dockerignore": "*.txt\n"})
    assert found == [(2, True, "a.txt is kept from the build by .dockerignore now, so COPY fails")]


def test_a_comment_holds_it_back(repo: Make) -> None:
    line = "# dockerslim: ignore=DS802 made by hand\nCOPY a.txt /r"
    assert told(repo, {"Dockerfile": ONE.format(line), "a.txt": "", **FILES}, moved={"a.txt": ""}) == []


@pytest.mark.parametrize("reference", ["COPY --from=build /x /x", "RUN --mount=from=build,target=/b cp /b/x /x"])
@pytest.mark.parametrize(
    ("after", "became"),
    [
        (TWO.format("builder", "{}"), "this change names it `builder`"),
        (TWO.replace(" AS {}", "").format("{}"), "it has no name any more"),
        (ONE, "this change removes it"),
    ],
)
def test_a_name_that_no_stage_has_any_more_is_an_error(repo: Make, reference: str, after: str, became: str) -> None:
    before = {"Dockerfile": TWO.format("build", reference)}
    found = told(repo, before, {"Dockerfile": after.format(reference)})
    reason = f"`build` was a stage before this change, and is pulled as an image now: {became}"
    assert [(fails, why) for _, fails, why in found] == [(True, reason)]


def test_a_base_that_no_stage_above_has_any_more_is_an_error(repo: Make) -> None:
    text = 'FROM debian:12-slim AS base\n\nFROM base AS more\nRUN x\n\nFROM more\nUSER 1000\nCMD ["x"]\n'
    found = told(repo, {"Dockerfile": text}, {"Dockerfile": text.replace("AS more", "AS most")})
    assert [one[:2] for one in found] == [(6, True)]


def test_a_name_that_was_never_a_stage_is_an_image(repo: Make) -> None:
    text = ONE.format("COPY --from=busybox /bin/sh /s")
    assert told(repo, {"Dockerfile": text}, {"Dockerfile": text.replace("/s\n", "/t\n")}) == []


def test_a_new_line_may_mean_the_image_that_a_stage_was_named_after(repo: Make) -> None:
    after = ONE.format("COPY --from=node /usr/local/bin/node /usr/local/bin/")
    found = told(repo, {"Dockerfile": TWO.format("node", "COPY --from=node /x /x")}, {"Dockerfile": after})
    assert [fails for _, fails, _ in found] == [False]


@pytest.mark.parametrize("line", ["", "RUN x"])
def test_a_further_context_that_no_build_names_any_more_is_an_error(repo: Make, line: str) -> None:
    named = "services: {a: {build: {context: ., additional_contexts: {shared: ./b}}}}\n"
    copy = "COPY --from=shared /x /x"
    before = {"Dockerfile": ONE.format(copy), "compose.yaml": named, "b/x": ""}
    reason = "`shared` was a context that builds named, and none does now: it is pulled as an image"
    after = {**FILES, "Dockerfile": ONE.format(f"{copy}\n{line}" if line else copy)}
    assert told(repo, before, after) == [(2, True, reason)]


def test_a_stage_that_an_argument_names_by_default_is_looked_for(repo: Make) -> None:
    text = 'ARG KIND=prod\nFROM debian:12-slim AS {}\nRUN make x\nFROM $KIND\nUSER 1000\nCMD ["x"]\n'
    found = told(repo, {"Dockerfile": text.format("prod")}, {"Dockerfile": text.format("production")})
    was = "`prod`, which $KIND names by default, was a stage before this change, and is pulled as an image now"
    assert found == [(4, False, f"{was}: this change names it `production`")]


def test_a_further_context_may_have_taken_the_stages_place(repo: Make) -> None:
    compose = {"compose.yaml": "services: {a: {build: {context: ., additional_contexts: {build: ./b}}}}\n", "b/x": ""}
    reference = "COPY --from=build /x /x"
    after = {"Dockerfile": ONE.format(reference), **compose}
    assert told(repo, {"Dockerfile": TWO.format("build", reference)}, after) == []


def test_a_number_without_a_stage_is_an_error_and_one_that_was_wrong_is_no_news(repo: Make) -> None:
    wrong = TWO.format("build", "COPY --from=2 /x /x")
    found = told(repo, {"Dockerfile": TWO.format("build", "COPY --from=0 /x /x")}, {"Dockerfile": wrong})
    assert found == [(4, True, "--from=2 counts stages from 0, and there are 2 stages, so the build fails")]


def test_a_number_that_was_wrong_before_is_no_news(repo: Make) -> None:
    wrong = TWO.format("build", "COPY --from=2 /x /x")
    assert told(repo, {"Dockerfile": wrong}, {"Dockerfile": wrong.replace("USER 1000", "USER 1001")}) == []


def test_a_number_that_counts_to_another_stage_now_is_told(repo: Make) -> None:
    text = TWO.format("build", "COPY --from=0 /x /x")
    found = told(repo, {"Dockerfile": text}, {"Dockerfile": f"FROM alpine:3.22 AS tools\nRUN tool\n\n{text}"})
    said = "--from=0 counts to the stage `tools` now; before this change it was `build`, which is 1 now: name the stage"
    assert found == [(7, False, said)]


def test_a_stage_that_a_build_asks_for_and_is_gone_is_an_error(repo: Make) -> None:
    compose = {"compose.yaml": "services: {a: {build: {context: ., target: build}}}\n"}
    before = {"Dockerfile": TWO.format("build", "COPY --from=0 /x /x"), **compose}
    found = told(repo, before, {"Dockerfile": TWO.format("compile", "COPY --from=0 /x /x")})
    assert [fails for _, fails, _ in found] == [True]
    assert "builds the stage `build`, which is not there any more: this change names it `compile`" in found[0][2]


def test_a_stage_that_a_continuation_swallows_is_gone_and_not_renamed(repo: Make) -> None:
    text = (
        "FROM debian:12-slim AS deps\nRUN make d\nFROM debian:12-slim AS build\nRUN make a\nRUN make b\nRUN make c\n"
        'FROM debian:12-slim\nCOPY --from=build /x /x\nUSER 1000\nCMD ["x"]\n'
    )
    found = told(repo, {"Dockerfile": text}, {"Dockerfile": text.replace("make d\n", "make d \\\n")})
    (reason,) = [why for _, fails, why in found if fails and "`build`" in why]
    assert reason.endswith("this change removes it")


def test_a_renamed_stage_that_a_build_asks_for_is_told_where_it_is(repo: Make) -> None:
    text = "".join(f"FROM alpine:3.24 AS {name}\nRUN echo {name}\nRUN echo more\n" for name in ("a", "test", "c"))
    files = {"Dockerfile": text, "Makefile": "test:\n\tdocker build --target test .\n"}
    found = told(repo, files, {"Dockerfile": text.replace("AS test", "AS tests")})
    assert [(line, fails) for line, fails, why in found if "builds the stage `test`" in why] == [(4, True)]


@pytest.mark.parametrize(
    ("source", "more", "certain"),
    [("a.txt b.txt", "", True), (".", "", True), (".", "RUN make\n", False)],
)
def test_a_file_that_comes_through_a_stage_is_followed(repo: Make, source: str, more: str, certain: bool) -> None:
    before = {"Dockerfile": THREE.format(source, more), "a.txt": "x\n", "b.txt": "", **FILES}
    after = {"Dockerfile": THREE.format(source.replace("a.txt ", ""), more)}
    found = told(repo, before, after, {"a.txt": ""})
    assert [fails for _, fails, why in found if why.startswith("/f/a.txt of `files` was a.txt, which is deleted")] == [
        certain
    ] * 2


def test_what_a_stage_copies_no_more_is_missed_too(repo: Make) -> None:
    before = {"Dockerfile": THREE.format("a.txt b.txt", ""), "a.txt": "x\n", "b.txt": "", **FILES}
    found: Sequence[tuple[int, bool, str]] = told(repo, before, {"Dockerfile": THREE.format("b.txt", "")})
    assert [fails for _, fails, _ in found] == [True, True]
    assert "which is not copied there any more" in found[0][2]


@pytest.mark.parametrize("also", ["COPY app /app\n", ""])
def test_a_new_source_that_nobody_has_is_a_doubt(repo: Make, also: str) -> None:
    before = {"Dockerfile": ONE.format("COPY app /app"), "app": "x"}
    after = {"Dockerfile": ONE.format(f"{also}COPY ap /ap")}
    line = 3 if also else 2
    reason = "ap is not in the repository: COPY fails unless something makes it before the build"
    assert told(repo, before, after) == [(line, False, reason)]


def test_nothing_is_said_where_none_of_the_sources_was_ever_there(repo: Make) -> None:
    before = {"Dockerfile": ONE.format("COPY app /app")}
    assert told(repo, before, {"Dockerfile": ONE.format("COPY ap /ap")}) == []


def test_what_fails_is_told_first_however_much_else_there_is(repo: Make) -> None:
    text = "FROM debian:12\nRUN apt-get update && apt-get install -y {}\nCOPY app{} /app\n" + "#\n" * 40
    many = {f"s{at}/Dockerfile": text.format("curl", at) for at in range(60)}
    made = repo({"s7/Dockerfile": text.format("curl", 7), **{f"s{at}/app{at}": "x" for at in range(60)}}, {})
    made.git("rm", "-q", "s7/app7")
    made.write(many)
    made.commit()
    found = run(made, head="HEAD")
    said = "app7 is deleted by this change, so COPY fails"
    assert said in review_lines(found)[-2]
    for limit in (65_000, 6_000):
        body = markdown([one.narrowed(made.root) for one in found.files], limit)
        assert body.split("\n")[2] == f"- **the build fails:** `s7/Dockerfile`, line 3, DS802: {said}"
        assert len(body) <= limit
    assert summary(found, made.root).endswith("makes all of them.\n\n<!-- dockerslim:summary -->\n")


@pytest.mark.parametrize(("target", "fails"), [("", False), ("test", True)])
def test_a_stage_that_nobody_builds_breaks_no_build(repo: Make, target: str, fails: bool) -> None:
    text = 'FROM debian:12-slim AS base\nCOPY a /a\nFROM base AS test\nCOPY tests /t\nFROM base\nUSER 1000\nCMD ["x"]\n'
    build = f"{{context: ., target: {target}}}" if target else "."
    files = {"Dockerfile": text, "a": "a", "tests": "t", "compose.yaml": f"services: {{a: {{build: {build}}}}}\n"}
    alone = "" if fails else " in a build of the stage `test`, which no other needs"
    reason = f"tests is deleted by this change, so COPY fails{alone}"
    assert told(repo, files, moved={"tests": ""}) == [(4, fails, reason)]


@pytest.mark.parametrize(
    ("path", "text", "place"),
    [
        (
            ".github/workflows/b.yml",
            "jobs:\n  b:\n    steps:\n      - run: echo 1 > a.txt\n",
            ".github/workflows/b.yml:4",
        ),
        ("Makefile", "image: a.txt\n\tdocker build .\na.txt: main.go\n\tgo generate\n", "Makefile:3"),
        ("scripts/make.sh", "go build -o ../a.txt .\n", "scripts/make.sh:1"),
        ("scripts/make.sh", "date | tee $ROOT/a.txt\n", "scripts/make.sh:1"),
    ],
)
def test_what_the_repository_writes_before_a_build_is_a_doubt(repo: Make, path: str, text: str, place: str) -> None:
    before = {"Dockerfile": ONE.format("COPY a.txt /r"), "a.txt": "x\n", path: text}
    found = told(repo, before, moved={"a.txt": ""})
    assert found == [(2, False, f"a.txt is deleted by this change, so COPY fails unless {place} writes it")]


@pytest.mark.parametrize(
    "text", ["cat a.txt > b.txt\n", "go build -o aa.txt\n", "echo x 2>&1 | cat a.txt\n", "rm a.txt\n"]
)
def test_what_the_repository_only_reads_is_none(repo: Make, text: str) -> None:
    before = {"Dockerfile": ONE.format("COPY a.txt /r"), "a.txt": "x\n", "make.sh": text}
    assert told(repo, before, moved={"a.txt": ""}) == [(2, True, "a.txt is deleted by this change, so COPY fails")]


@pytest.mark.parametrize(
    ("source", "link", "fate"),
    [
        ("link", "real/f", "link leads to real/f, which is deleted by this change"),
        ("link/f", "real", "link/f leads to real/f, which is deleted by this change"),
    ],
)
def test_a_link_that_leads_nowhere_any_more_is_an_error(repo: Make, source: str, link: str, fate: str) -> None:
    made = repo({"Dockerfile": ONE.format(f"COPY {source} /r"), "real/f": "x\n", "real/g": "y\n"}, {})
    (made.root / "link").symlink_to(link)
    made.commit()
    made.git("branch", "-f", "main")
    made.git("rm", "-q", "real/f")
    made.commit()
    assert notes_of(run(made, head="HEAD")) == [(2, True, f"{fate}, so COPY fails")]


def test_a_folder_that_becomes_a_link_within_the_context_keeps_its_files(repo: Make) -> None:
    made = repo({"Dockerfile": ONE.format("COPY conf/f /r"), "conf/f": "x\n", **FILES}, {})
    made.git("mv", "conf", "conf2")
    (made.root / "conf").symlink_to("conf2")
    made.commit()
    assert notes_of(run(made, head="HEAD")) == []


def test_names_are_those_of_the_context(repo: Make) -> None:
    files = {
        "svc/Dockerfile": ONE.format("COPY a.txt /r"),
        "svc/a.txt": "x\n",
        "compose.yaml": "services: {a: {build: svc}}\n",
    }
    inside = told(repo, files, moved={"svc/a.txt": "svc/b.txt"})
    assert inside == [(2, True, "a.txt is renamed to b.txt by this change, so COPY fails")]


def test_what_lies_in_a_submodule_is_not_known_until_the_submodule_goes(repo: Make) -> None:
    made = repo({"Dockerfile": ONE.format("COPY lib/f /r"), "lib/f": "x\n", **FILES}, {})
    made.git("rm", "-q", "-r", "lib")
    commit = made.git("rev-parse", "HEAD").strip()
    made.git("update-index", "--add", "--cacheinfo", f"160000,{commit},lib")
    made.git("commit", "-q", "-m", "submodule")
    assert notes_of(run(made, head="HEAD")) == []
    made.git("branch", "-f", "main")
    made.git("rm", "-q", "--cached", "lib")
    made.git("commit", "-q", "-m", "none")
    assert notes_of(run(made, head="HEAD")) == [
        (2, True, "lib/f is not there any more, as lib is deleted or moved by this change, so COPY fails")
    ]


def test_a_number_that_counts_to_its_own_stage_now_is_told_once(repo: Make) -> None:
    stage = "FROM debian:12-slim\nRUN echo {0} > /{0}\n"
    end = "FROM debian:12-slim\nCOPY --from=1 /b /b\nUSER 1000\n"
    found = told(
        repo, {"Dockerfile": stage.format("a") + stage.format("b") + end}, {"Dockerfile": stage.format("b") + end}
    )
    (one,) = [note for note in found if "--from" in note[2]]
    assert one[:2] == (4, True)
    assert one[2].startswith("--from=1 is the stage that it stands in, so the build fails; before this change it was")


@pytest.mark.parametrize(("target", "fate"), [("", "deleted"), ("docker/Dockerfile", "renamed to docker/Dockerfile")])
def test_a_build_whose_dockerfile_is_gone_fails(repo: Make, target: str, fate: str) -> None:
    before = {"Dockerfile": ONE.format("RUN true"), "docker/README": "x\n", **FILES}
    found = told(repo, before, moved={"Dockerfile": target})
    assert (1, True, f"the build of Dockerfile fails: it is {fate} by this change") in found


def test_it_does_not_where_something_writes_it(repo: Make) -> None:
    before = {"Dockerfile": ONE.format("RUN true"), "make.sh": "sed s/x/y/ in > Dockerfile\n", **FILES}
    assert told(repo, before, moved={"Dockerfile": ""}) == [
        (1, False, "the build of Dockerfile fails: it is deleted by this change unless make.sh:1 writes it")
    ]


def test_what_an_argument_names_by_default_and_is_gone_is_a_doubt(repo: Make) -> None:
    before = {"Dockerfile": ONE.format("ARG F=a.txt\nCOPY $F /r"), "a.txt": "x\n", **FILES}
    told_ = told(repo, before, moved={"a.txt": ""})
    reason = "a.txt, which F names by default, is deleted by this change: COPY fails unless a build names another"
    assert told_ == [(3, False, reason)]


@pytest.mark.parametrize("line", ["ADD https://example.org/x-${V}.txt /x", "ADD git@example.org:a/b.git#$V /x"])
def test_what_is_fetched_lies_in_no_context(repo: Make, line: str) -> None:
    before = {"Dockerfile": ONE.format("ARG V=1\nCOPY b /b"), "b": "x\n", **FILES}
    after = before["Dockerfile"].replace("COPY b", f"{line}\nCOPY b")
    assert not any("context" in why for _, _, why in told(repo, before, {"Dockerfile": after}))


def test_what_is_fetched_by_a_variable_that_is_gone_lies_in_no_context(repo: Make) -> None:
    text = ONE.format("ARG V=1\nADD https://example.org/x-${V}.txt /x\nCOPY b /b")
    found = told(repo, {"Dockerfile": text, "b": "x\n", **FILES}, {"Dockerfile": text.replace("ARG V=1\n", "")})
    assert not any(fails for _, fails, _ in found)


def test_a_new_default_that_is_not_there_is_a_doubt(repo: Make) -> None:
    before = {"Dockerfile": ONE.format("ARG F=a.txt\nCOPY $F /r"), "a.txt": "x\n", **FILES}
    (one,) = told(repo, before, {"Dockerfile": ONE.format("ARG F=b.txt\nCOPY $F /r")})
    assert one[:2] == (3, False)
    assert one[2].startswith("b.txt, which F names by default, is not in the build context")


def test_what_git_ignores_is_made_before_the_build(repo: Make) -> None:
    before = {"Dockerfile": ONE.format("ARG F=a.txt\nCOPY $F /r"), "a.txt": "x\n", ".gitignore": "out/\n", **FILES}
    assert told(repo, before, {"Dockerfile": ONE.format("ARG F=out/b.txt\nCOPY $F /r")}) == []


@pytest.mark.parametrize("pattern", ["dist", "dist/", "dist/*"])
def test_what_git_is_told_to_ignore_from_now_on_is_made_as_well(repo: Make, pattern: str) -> None:
    before = {"Dockerfile": ONE.format("COPY dist /r"), "dist/a.txt": "x\n", **FILES}
    after = {"Dockerfile": ONE.format("COPY dist /r"), ".gitignore": f"{pattern}\n"}
    assert not any(fails for _, fails, _ in told(repo, before, after, moved={"dist/a.txt": ""}))


@pytest.mark.parametrize(
    ("line", "certain"), [("pip install -r a.txt", True), ("install -m 644 b a.txt", False), ("cp b a.txt", False)]
)
def test_an_install_of_packages_writes_no_list_of_them(repo: Make, line: str, certain: bool) -> None:
    before = {
        "Dockerfile": ONE.format("COPY a.txt /r"),
        "a.txt": "x\n",
        ".github/workflows/ci.yml": f"jobs:\n  a:\n    steps:\n      - run: {line}\n",
        **FILES,
    }
    found = told(repo, before, moved={"a.txt": ""})
    assert [fails for _, fails, why in found if "a.txt" in why] == [certain]


def test_a_pattern_in_a_folder_that_is_gone_is_a_doubt(repo: Make) -> None:
    before = {"Dockerfile": ONE.format("COPY target/*.jar /r/"), "target/x.jar": "x\n", **FILES}
    found = told(repo, before, moved={"target/x.jar": "x.jar"})
    assert found == [(2, False, "target/*.jar matches nothing any more: target is deleted or moved by this change")]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (
            "ARG DIR=src\nCOPY ${DIR}/a.txt /r",
            "ARG SOURCES=src\nCOPY ${DIR}/a.txt /r",
            [
                (
                    3,
                    True,
                    "`DIR` is no longer declared (this change renames it to `SOURCES`), so COPY looks for a.txt and "
                    "fails",
                )
            ],
        ),
        (
            "ENV HOME_OF=/srv\nWORKDIR $HOME_OF\nRUN make $HOME_OF",
            "WORKDIR $HOME_OF\nRUN make $HOME_OF",
            [
                (
                    2,
                    False,
                    "`HOME_OF` is no longer declared (this change removes its ENV), so WORKDIR finds it empty unless "
                    "the base image sets it",
                )
            ],
        ),
        (
            "ARG V=1\nRUN fetch x-$V",
            "RUN fetch x-$V",
            [
                (
                    2,
                    False,
                    "`V` is no longer declared (this change removes its ARG), so RUN finds it empty unless the base "
                    "image sets it",
                )
            ],
        ),
        ("ARG V=1\nRUN fetch x-$V", "RUN V=2 && fetch x-$V", []),
        ("ARG V=1\nRUN fetch x-$V", "ENV V=1\nRUN fetch x-$V", []),
        ("ARG V=1\nCOPY a${V:-}.txt /r", "COPY a${V:-}.txt /r", []),
        ("ENV V=1\nLABEL a='$V'", "LABEL a='$V'", []),
        ("RUN fetch x-$V", "RUN fetch y-$V", []),
        ("ENV PATH=/x/bin:$PATH\nRUN fetch a", "ENV PATH=/x/bin:$PATH\nRUN fetch b", []),
        ("ARG HTTP_PROXY\nRUN fetch -p $HTTP_PROXY", "RUN fetch -p $HTTP_PROXY", []),
    ],
)
def test_a_variable_that_is_no_longer_declared(
    repo: Make, before: str, after: str, expected: list[tuple[int, bool, str]]
) -> None:
    files = {"Dockerfile": ONE.format(before), "src/a.txt": "x\n", **FILES}
    assert told(repo, files, {"Dockerfile": ONE.format(after)}) == expected


@pytest.mark.parametrize(
    ("compose", "expected"),
    [
        ("services: {a: {build: {context: ., target: prod}}}\n", "Dockerfile has no stage `prod`, so the build fails"),
        (
            "services: {a: {build: {context: ., dockerfile: Dockerfile.prod}}}\n",
            "Dockerfile.prod is not there, so the build fails",
        ),
        ("services: {a: {build: {context: ., target: dev}}}\n", None),
    ],
)
def test_a_description_that_asks_for_what_is_not_there(repo: Make, compose: str, expected: str | None) -> None:
    files = {"Dockerfile": 'FROM debian:12-slim AS dev\nUSER 1000\nCMD ["x"]\n', **FILES}
    found = told(repo, files, {"compose.yaml": compose})
    assert [one[1:] for one in found] == ([] if expected is None else [(True, expected)])


def test_what_was_asked_for_before_is_not_told(repo: Make) -> None:
    files = {
        "Dockerfile": ONE.format("RUN true"),
        "compose.yaml": "services: {a: {build: {context: ., target: gone}}}\n",
    }
    assert told(repo, files, {"compose.yaml": files["compose.yaml"] + "# more\n"}) == []


@pytest.mark.parametrize("data", ["\xff\xfeF\0R\0O\0M\0 \0a\0", "\0\1\2"])
def test_a_dockerfile_that_is_binary_now(repo: Make, data: str) -> None:
    made = repo({"Dockerfile": ONE.format("RUN true"), **FILES}, {})
    (made.root / "Dockerfile").write_bytes(data.encode("latin-1"))
    made.commit()
    (found,) = notes_of(run(made, head="HEAD"))
    assert found[:2] == (1, True)
    assert "it was a Dockerfile before this change, so the build fails" in found[2]


def test_a_dockerfile_that_leads_nowhere_now(repo: Make) -> None:
    made = repo({"Dockerfile": ONE.format("RUN true"), **FILES}, {})
    (made.root / "Dockerfile").unlink()
    (made.root / "Dockerfile").symlink_to("nowhere")
    made.commit()
    assert notes_of(run(made, head="HEAD")) == [
        (1, True, "the build of Dockerfile fails: it is a link that leads nowhere")
    ]


def test_builders_find_a_dockerfile_in_lower_case(repo: Make) -> None:
    files = {"Dockerfile": ONE.format("RUN true"), **FILES}
    assert told(repo, files, moved={"Dockerfile": "dockerfile"}) == []


def test_a_default_that_is_gone_is_a_doubt(repo: Make) -> None:
    before = "ARG TAG=12\nFROM debian:$TAG\nUSER 1000\n"
    found = told(repo, {"Dockerfile": before, **FILES}, {"Dockerfile": before.replace("TAG=12", "TAG")})
    assert (
        2,
        False,
        "`TAG` has no default any more, so debian:$TAG names no image unless a build gives it one",
    ) in found


def test_a_pattern_that_matches_nothing_any_more(repo: Make) -> None:
    before = {"Dockerfile": ONE.format("COPY *.txt /r/"), "a.txt": "x\n", "b": "x\n", **FILES}
    assert told(repo, before, moved={"a.txt": ""}) == [(2, False, "*.txt matches nothing any more")]


def test_a_generated_file_may_be_made_anew(repo: Make) -> None:
    text = "# DO NOT EDIT: this file is generated by make.sh\n" + ONE.format("COPY a.txt /r")
    found = told(repo, {"Dockerfile": text, "a.txt": "x\n", **FILES}, moved={"a.txt": ""})
    expected = "a.txt is deleted by this change, so COPY fails, unless the file is generated anew"
    assert found == [(3, False, expected)]


def test_another_stage_is_the_last_one(repo: Make) -> None:
    app, test = (
        "FROM debian:12-slim AS app\nRUN make app\nUSER 1000\n",
        "FROM debian:12-slim AS test\nRUN make test\nUSER 1000\n",
    )
    found = told(repo, {"Dockerfile": test + app, **FILES}, {"Dockerfile": app + test})
    expected = "the last stage is `test` now, and was `app`: builds without a target make another image"
    assert (4, False, expected) in found
    assert not any(fails for _, fails, _ in found)


def test_a_directory_of_which_all_is_ignored_is_sent_all_the_same(repo: Make) -> None:
    before = {"Dockerfile": ONE.format("COPY src /r"), "src/a.txt": "x\n", "b": "x\n", **FILES}
    assert told(repo, before, {".dockerignore": "src/*\n"}) == []


def test_what_does_not_change_an_instruction_tells_no_old_merge(repo: Make) -> None:
    runs = [f"RUN apt-get update && apt-get install -y {name}" for name in ("curl", "git")]
    before = "FROM debian:12\n" + "\n".join(runs) + '\nCMD ["x"]\n'
    after = "FROM debian:12\n" + "\n\n# next\n".join(runs) + '\nCMD ["x"]\n'
    made = repo({"Dockerfile": before, **FILES}, {"Dockerfile": after})
    assert [change.rule for file in run(made).files for change in file.changes] == []


@pytest.mark.parametrize("line", ["LABEL a=b", "ENV X=y", "HEALTHCHECK CMD true"])
def test_an_instruction_behind_the_last_one_tells_no_old_user(repo: Make, line: str) -> None:
    before = 'FROM python:3.12-slim\nWORKDIR /app\nCOPY app.py .\nEXPOSE 8000\nCMD ["python", "app.py"]\n'
    files = {"Dockerfile": before, "app.py": "import http.server\nhttp.server.test(port=8000)\n", **FILES}
    made = repo(files, {"Dockerfile": f"{before}{line}\n"})
    assert "DS501" not in {change.rule for file in run(made).files for change in file.changes}


def test_a_file_whose_place_another_one_takes_was_itself(repo: Make) -> None:
    old = "FROM debian:12\n" + "".join(
        f"RUN apt-get update && apt-get install -y {name}\nCOPY {name} /\n" for name in "abc"
    )
    made = repo({"Dockerfile": old, **FILES}, {})
    made.git("mv", "Dockerfile", "Dockerfile.old")
    made.write({"Dockerfile": ONE.format("RUN true")})
    made.commit()
    found = {file.path: file.changes for file in run(made, head="HEAD").files}
    assert not found.get("Dockerfile.old")


OLD = "FROM debian:12\nENV A b\nRUN apt-get update && \\\n    apt-get install -y curl\nADD x /x\nCMD python app.py\n"


@pytest.mark.parametrize(
    "after",
    [
        OLD.replace("\n", "\r\n"),
        OLD.rstrip("\n"),
        OLD.replace("    apt-get", "\tapt-get"),
        OLD.replace("ENV A b\n", "\nENV A b\n\n# here\n"),
    ],
)
def test_other_blanks_and_line_ends_tell_nothing_old(repo: Make, after: str) -> None:
    made = repo({"Dockerfile": OLD, "x": "x\n", "app.py": "print(1)\n", **FILES}, {"Dockerfile": after})
    assert [change.rule for file in run(made).files for change in file.changes] == []


def test_an_edited_instruction_is_known_again_below_new_ones(repo: Make) -> None:
    run_ = "RUN apt-get update && apt-get install -y curl git jq less && make p{}"
    before = f'FROM debian:12-slim\nCOPY a /a\nRUN a\n{run_.format(1)}\nUSER 1000\nCMD ["x"]\n'
    more = "".join(f"COPY {name} /{name}\nRUN {name}\n" for name in "bc")
    after = f'FROM debian:12-slim\nCOPY a /a\nRUN a\n{more}{run_.format(2)}\nUSER 1000\nCMD ["x"]\n'
    made = repo({"Dockerfile": before, **FILES}, {"Dockerfile": after})
    assert "DS201" not in {change.rule for file in run(made).files for part in file.parts for change in part.changes}


def test_a_file_in_whose_place_a_link_leads_to_it(repo: Make) -> None:
    made = repo({"Dockerfile": OLD, "x": "x\n", "app.py": "print(1)\n"}, {})
    (made.root / "docker").mkdir()
    made.git("mv", "Dockerfile", "docker/Dockerfile")
    (made.root / "Dockerfile").symlink_to("docker/Dockerfile")
    made.commit()
    assert [change.rule for file in run(made, head="HEAD").files for change in file.changes] == []


def test_a_dockerfile_that_is_a_template_now(repo: Make) -> None:
    made = repo({"Dockerfile": ONE.format("RUN true"), **FILES}, {"Dockerfile": "FROM debian:{{ version }}\n"})
    (found,) = notes_of(run(made))
    assert found[1]
    assert "a template: line 1 holds" in found[2]
    assert "it was a Dockerfile before this change, so the build fails" in found[2]


FLAT = {"docker/app/Dockerfile": "FROM alpine:3.24\nCOPY a b /\n", "a": "1\n", "b": "2\n"}


def test_where_nobody_says_what_the_context_is_it_is_the_one_before(repo: Make) -> None:
    """Files of the same names beside the Dockerfile make its folder look like the context."""
    assert told(repo, FLAT, {"docker/app/a": "3\n", "docker/app/b": "4\n"}, {"a": ""}) == [
        (2, True, "a is deleted by this change, so COPY fails")
    ]


def test_a_new_line_makes_no_other_folder_the_context(repo: Make) -> None:
    before = {**FLAT, "docker/app/Makefile": "gen:\n\techo x > gen\n"}
    told_of = told(repo, before, {"docker/app/Dockerfile": f"{FLAT['docker/app/Dockerfile']}COPY gen /\n"})
    assert not [note for note in told_of if note[0] == 2]


def test_a_source_that_goes_is_missed_by_a_dockerfile_elsewhere(repo: Make) -> None:
    assert told(repo, FLAT, moved={"b": ""}) == [(2, True, "b is deleted by this change, so COPY fails")]


def test_a_dockerfile_that_is_repaired_is_reviewed_on_the_lines_that_repair_it(repo: Make) -> None:
    before = "FROM debian:12\nRNU true\nENV A b\n"
    made = repo({"Dockerfile": before, **FILES}, {"Dockerfile": before.replace("RNU", "RUN")})
    found = run(made)
    assert not found.skipped
    assert [change.line for file in found.files for change in file.changes] == []
    assert not any(note.breaks for file in found.files for note in file.notes)


@pytest.mark.parametrize(("path", "told_of"), [("package.json", False), (".dockerignore", True)])
def test_what_a_build_is_sent_in_vain_is_told_where_the_request_changes_it(
    repo: Make, path: str, told_of: bool
) -> None:
    text = 'FROM node:22-slim\nWORKDIR /app\nCOPY . .\nRUN npm install\nUSER node\nCMD ["node", "x.js"]\n'
    ignored, run_ = ({".dockerignore": ".git\n"}, "true") if told_of else ({}, "git log")
    files = {"Dockerfile": text, "package.json": f'{{"scripts": {{"prepare": "{run_}"}}}}\n', "x.js": "1\n", **ignored}
    made = repo(files, {})
    made.git("rm", "-q", path)
    made.commit()
    notes = [note for file in run(made, head="HEAD").files for note in file.notes]
    assert any(note.rule == "DS801" for note in notes) is told_of


@pytest.mark.parametrize(("another", "fails"), [("a.txt", []), ("b.txt", [True])])
def test_another_directory_may_be_the_context_that_nobody_tells(repo: Make, another: str, fails: list[bool]) -> None:
    files = {"docker/Dockerfile": ONE.format("COPY a.txt /r"), "docker/a.txt": "1\n", another: "1\n"}
    assert [breaks for _, breaks, _ in told(repo, files, moved={"docker/a.txt": ""})] == fails
