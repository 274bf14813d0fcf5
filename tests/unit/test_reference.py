"""Image references: every part where it stands, Docker's normalisation, and templates."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockerslim_rewrite.ir.reference import InvalidReference, Part, parse, stage_named, valid_digest

SHA = "sha256:" + "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("text", "domain", "path", "tag", "digest"),
    [
        ("ubuntu", None, "ubuntu", None, None),
        ("ubuntu:22.04", None, "ubuntu", "22.04", None),
        (f"ubuntu@{SHA}", None, "ubuntu", None, SHA),
        (f"ubuntu:22.04@{SHA}", None, "ubuntu", "22.04", SHA),
        ("localhost/a", "localhost", "a", None, None),
        ("localhost:5000/a/b/c:1", "localhost:5000", "a/b/c", "1", None),
        ("localhost:5000", None, "localhost", "5000", None),
        ("ghcr.io/o/p", "ghcr.io", "o/p", None, None),
        ("[::1]:5000/a:b", "[::1]:5000", "a", "b", None),
        ("[2001:db8::1]/a", "[2001:db8::1]", "a", None, None),
        ("ORG/image", "ORG", "image", None, None),
        ("o/p", None, "o/p", None, None),
        ("a__b/c-d--e/f.g", None, "a__b/c-d--e/f.g", None, None),
        ("mcr.microsoft.com/windows/servercore:ltsc2022-amd64", "mcr.microsoft.com", "windows/servercore",
         "ltsc2022-amd64", None),
        ("$REG/name:${V:-1}", None, "$REG/name", "${V:-1}", None),
        ("${REG:-ghcr.io/a}/name", None, "${REG:-ghcr.io/a}/name", None, None),
        ("$HOST:5000/name", "$HOST:5000", "name", None, None),
        ("$SUB.example.org/name", "$SUB.example.org", "name", None, None),
        ("python:3.${MINOR}-slim", None, "python", "3.${MINOR}-slim", None),
        ("a${X:-:y@z/w}b", None, "a${X:-:y@z/w}b", None, None),
        ("a@${D}", None, "a", None, "${D}"),
        ('"centos:7"', None, "centos", "7", None),
        ("'ghcr.io/a/b'", "ghcr.io", "a/b", None, None),
    ],
)  # fmt: skip
def test_parts(text: str, domain: str | None, path: str, tag: str | None, digest: str | None) -> None:
    reference = parse(text)
    parts = (reference.domain, reference.path, reference.tag, reference.digest)
    assert tuple(part.text if part else None for part in parts) == (domain, path, tag, digest)
    for part in parts:
        if part is not None:
            assert text[part.start : part.end] == part.text
    assert str(reference) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Ubuntu",
        "a/B",
        "a//b",
        "/a",
        "a/",
        "a:",
        "a@",
        "a:b:c",
        "a:-b",
        "a:" + "t" * 129,
        "a@sha256:123",
        "a@sha256:" + "A" * 64,
        "a@sha512:" + "a" * 64,
        "a@" + SHA + "@" + SHA,
        "a b",
        "a___b",
        "a..b",
        "-a",
        "a-",
        "a/" + "b" * 256,
        "exa_mple.org/a",
        "example.org:port/a",
        "host.:80/a",
        "a" * 64,
        "{{tag}}",
        "${",
        "${}",
        "${A",
        "${A^}",
        "x/${A:-${B}",
        '"a',
    ],
)
def test_refused(text: str) -> None:
    with pytest.raises(InvalidReference) as caught:
        parse(text)
    assert isinstance(caught.value, ValueError)
    assert 0 <= caught.value.position <= len(text)


def test_an_identifier_of_64_digits_is_fine_in_a_namespace() -> None:
    assert parse("ns/" + "a" * 64).path.text.endswith("a" * 64)


@pytest.mark.parametrize(
    ("text", "canonical", "familiar"),
    [
        ("ubuntu", "docker.io/library/ubuntu:latest", "ubuntu"),
        ("docker.io/ubuntu:1", "docker.io/library/ubuntu:1", "ubuntu"),
        ("docker.io/library/ubuntu", "docker.io/library/ubuntu:latest", "ubuntu"),
        ("index.docker.io/o/p", "docker.io/o/p:latest", "o/p"),
        ("ghcr.io/p", "ghcr.io/p:latest", "ghcr.io/p"),
        ("localhost/p", "localhost/p:latest", "localhost/p"),
        (f"o/p@{SHA}", f"docker.io/o/p@{SHA}", "o/p"),
        (f"o/p:1@{SHA}", f"docker.io/o/p:1@{SHA}", "o/p"),
    ],
)
def test_normalisation(text: str, canonical: str, familiar: str) -> None:
    reference = parse(text)
    assert reference.canonical == canonical
    assert reference.familiar_name == familiar
    again = parse(canonical)
    assert (again.canonical, again.familiar_name) == (canonical, familiar)


def test_a_template_has_no_normal_form() -> None:
    reference = parse("$REG/a")
    assert reference.template
    assert reference.domain_uncertain
    with pytest.raises(ValueError, match="template"):
        _ = reference.canonical
    assert not parse("ghcr.io/$A").domain_uncertain


@pytest.mark.parametrize(
    ("text", "tagged", "moving"),
    [
        ("a", False, True),
        ("a:latest", True, True),
        ("a:1", True, False),
        (f"a@{SHA}", False, False),
        (f"a:latest@{SHA}", True, False),
        ("$A", None, None),
        ("$REG/a", False, True),
        ("a$S", None, None),
        ("a:$T", True, None),
        ("a:1-${T}", True, None),
    ],
)
def test_tagged_and_moving(text: str, tagged: bool | None, moving: bool | None) -> None:
    reference = parse(text)
    assert (reference.tagged, reference.moving) == (tagged, moving)


@pytest.mark.parametrize(
    ("text", "env", "result"),
    [
        ("$REG/name:${V:-1}", {"REG": "ghcr.io"}, "ghcr.io/name:1"),
        ("$REG/name:${V:-1}", {"REG": "ghcr.io", "V": "2"}, "ghcr.io/name:2"),
        ("${IMAGE}", {"IMAGE": f"a/b:1@{SHA}"}, f"a/b:1@{SHA}"),
        ("a:${V:-${W:-3}}", {"W": ""}, "a:3"),
        ("a:${V-3}", {"V": "4"}, "a:4"),
        ("a${V+:$V}", {}, "a"),
        ("a${V:+:$V}", {"V": "4"}, "a:4"),
        ("a${V:+:$V}", {"V": ""}, "a"),
        ("a:${V#v}", {"V": "v1.2"}, "a:1.2"),
        ("a:${V%.*}", {"V": "1.2.3"}, "a:1.2"),
        ("a:${V%%.*}", {"V": "1.2.3"}, "a:1"),
        ("a:${V##*.}", {"V": "1.2.3"}, "a:3"),
        ("a:${V/./-}", {"V": "1.2.3"}, "a:1-2.3"),
        ("a:${V//./-}", {"V": "1.2.3"}, "a:1-2-3"),
        ('"a:$V"', {"V": "4"}, "a:4"),
        ("a:1", {"V": "4"}, "a:1"),
        ("a:$V-slim", {"V": "4"}, "a:4-slim"),
    ],
)
def test_substitution(text: str, env: dict[str, str], result: str) -> None:
    assert str(parse(text).substitute(env)) == result


@pytest.mark.parametrize(("text", "env"), [("a:$V", {}), ("$A", {}), ("a:${V:?}", {}), ("a:${V:?no V}", {"V": ""})])
def test_a_substitution_that_yields_no_reference(text: str, env: dict[str, str]) -> None:
    with pytest.raises(InvalidReference):
        parse(text).substitute(env)


def test_variables() -> None:
    assert parse("$REG/${N:-${M}-x}:$REG").variables == ("REG", "N", "M")


def test_scratch_and_windows() -> None:
    assert parse("scratch").scratch
    assert not parse("scratch:latest").scratch
    assert not parse("o/scratch").scratch
    assert parse("mcr.microsoft.com/windows/nanoserver:1809").windows
    assert parse("microsoft/windowsservercore").windows
    assert parse("python:3.12-windowsservercore-ltsc2022").windows
    assert not parse("mcr.microsoft.com/dotnet/sdk:8.0").windows
    assert not parse("python:3").windows


def test_replacing_the_version_keeps_the_name_as_written() -> None:
    assert parse("docker.io/library/python").with_version("3.12", None) == "docker.io/library/python:3.12"
    assert parse("python:latest").with_version("3.12", SHA) == f"python:3.12@{SHA}"
    assert parse(f"python:3@{SHA}").with_version(None, None) == "python"
    assert parse("$REG/python:latest").with_version("3.12", None) == "$REG/python:3.12"
    assert parse('"python"').with_version("3", None) == '"python:3"'
    with pytest.raises(InvalidReference):
        parse("python").with_version("no tag", None)


def test_a_stage_hides_an_image_of_the_same_name() -> None:
    assert stage_named("Python", ["build", "python"]) == "python"
    assert stage_named("python:3", ["python"]) is None


_alnum = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=6)
_component = st.builds(
    lambda first, rest: first + "".join(rest),
    _alnum,
    st.lists(st.builds(str.__add__, st.sampled_from([".", "_", "__", "-", "---"]), _alnum), max_size=2),
)
_label = st.from_regex(r"\A[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,5}[a-zA-Z0-9])?\Z")
_port = st.integers(1, 65535).map(lambda port: f":{port}")
_domain = st.one_of(
    st.builds(lambda labels, port: ".".join(labels) + port, st.lists(_label, min_size=2, max_size=3),
              st.one_of(st.just(""), _port)),
    st.builds(str.__add__, st.sampled_from(["localhost", "[::1]", "registry"]), _port),
)  # fmt: skip
_path = st.lists(_component, min_size=1, max_size=4).map("/".join)
_tag = st.from_regex(r"\A[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}\Z")
_digest = st.text("0123456789abcdef", min_size=64, max_size=64).map(lambda digits: f"sha256:{digits}")
_maybe = st.none()


@given(st.one_of(_maybe, _domain), _path, st.one_of(_maybe, _tag), st.one_of(_maybe, _digest))
def test_what_is_composed_is_read_back(domain: str | None, path: str, tag: str | None, digest: str | None) -> None:
    prefix = f"{domain}/" if domain else ""
    text = prefix + path + (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")
    first, slash, _ = path.partition("/")
    if domain is None and slash and ("." in first or first == "localhost"):
        return  # the path's own first component is a registry then
    reference = parse(text)
    at = len(prefix)
    assert reference.domain == (Part(domain, 0, len(domain)) if domain else None)
    assert reference.path == Part(path, at, at + len(path))
    assert (reference.tag.text if reference.tag else None) == tag
    assert (reference.digest.text if reference.digest else None) == digest
    assert reference.with_version(tag, digest) == text
    # Normalising is idempotent and means the same.
    again = parse(reference.canonical)
    assert again.canonical == reference.canonical
    assert again.name == reference.name
    assert parse(reference.familiar_name).name == reference.name


_values = st.dictionaries(st.sampled_from(["A", "B", "C"]), st.one_of(st.just(""), _tag), max_size=3)


@given(_values, _tag)
def test_all_spellings_of_a_variable_agree(env: dict[str, str], default: str) -> None:
    plain = str(parse("x:1$A").substitute(env))
    assert str(parse("x:1${A}").substitute(env)) == plain == "x:1" + env.get("A", "")
    value = str(parse(f"x:1${{A:-{default}}}").substitute(env))
    assert value == "x:1" + (env.get("A") or default)


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        reference = parse(text)
    except InvalidReference:
        return
    assert str(reference) == text
    end = reference.path.end
    for part in (reference.domain, reference.path, reference.tag, reference.digest):
        if part is not None:
            assert text[part.start : part.end] == part.text
    assert reference.with_version(None, None) == text[:end] + reference.quote


@given(st.text("${}:-+?#%/aA@\\\"'", max_size=16))
def test_templates_never_break_the_reader(text: str) -> None:
    try:
        parse(text).substitute({"A": "b", "a": "c"})
    except InvalidReference:
        return


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        (SHA, True),
        (SHA.upper(), False),
        ("sha256:" + "0" * 63, False),
        ("sha512:" + "0" * 128, True),
        ("x+y:" + "0" * 32, False),
        ("nope", False),
    ],
)
def test_digests(text: str, valid: bool) -> None:
    assert valid_digest(text) is valid
