"""`.dockerignore` as BuildKit reads it. The cases are those that moby/patternmatcher and its documentation state."""

from __future__ import annotations

import pytest

from dockerslim_rewrite.context.dockerignore import DockerignoreError, read_dockerignore

MATCH, BELOW, NO = "match", "below", "no"

CASES = [
    ("**", "file", MATCH),
    ("**/", "file", MATCH),
    ("**", "dir/file", MATCH),
    ("**/**", "dir/file", MATCH),
    ("dir/**", "dir/file", MATCH),
    ("dir/**", "dir/dir2/file", MATCH),
    ("**/dir", "dir", MATCH),
    ("**/dir", "dir/file", BELOW),
    ("**/dir2/*", "dir/dir2/file", MATCH),
    ("**/dir2/**", "dir/dir2/dir3/file", MATCH),
    ("**file", "file", MATCH),
    ("**file", "dir/dir/file", MATCH),
    ("**/file", "dir/dir/file", MATCH),
    ("**/file*", "dir/dir/file.txt", MATCH),
    ("**/file*txt", "dir/dir/file.txt", MATCH),
    ("**/file*.txt*", "dir/dir/file.txt", MATCH),
    ("**/**/*.txt", "dir/dir/file.txt", MATCH),
    ("**/**/*.txt2", "dir/dir/file.txt", NO),
    ("**/*.txt", "file.txt", MATCH),
    ("a**/*.txt", "a/file.txt", MATCH),
    ("a**/*.txt", "a/dir/dir/file.txt", MATCH),
    ("a/*.txt", "a/dir/file.txt", NO),
    ("a/*.txt**", "a/file.txt", MATCH),
    ("a[b-d]e", "ae", NO),
    ("a[b-d]e", "ace", MATCH),
    ("a[^b-d]e", "aze", MATCH),
    (".*", ".foo", MATCH),
    (".*", "foo", NO),
    ("abc.def", "abcZdef", NO),
    ("abc?def", "abcZdef", MATCH),
    ("abc?def", "abcdef", NO),
    ("**/foo/bar", "dir/dir2/foo/bar", MATCH),
    ("abc/**", "abc", NO),
    ("**/.foo", ".foo", MATCH),
    ("**/.foo", "bar.foo", NO),
    ("a(b)c/def", "a(b)c/def", MATCH),
    ("a.|)$(}+{bc", "a.|)$(}+{bc", MATCH),
    ("dist/*.whl", "dist/proxy.py-2.4.0rc3.dev36+g08acad9-py3-none-any.whl", MATCH),
    ("a\\*b", "a*b", MATCH),
    ("a\\*b", "ab", NO),
    ("a*", "ab/c", BELOW),
    ("a*/b", "a/c/b", NO),
    ("a*b?c*x", "abxbbxdbxebxczzx", MATCH),
    ("a?b", "a☺b", MATCH),
    ("a???b", "a☺b", NO),
    ("a?b", "a/b", NO),
    ("[\\]a]", "]", MATCH),
    ("[x\\-]", "-", MATCH),
    ("[x\\-]", "z", NO),
]


@pytest.mark.parametrize(("pattern", "path", "expected"), CASES)
def test_one_pattern(pattern: str, path: str, expected: str) -> None:
    ignore = read_dockerignore(pattern)
    assert ignore.patterns[0].matches(path) is (expected == MATCH)
    assert ignore.excludes(path) is (expected != NO)


@pytest.mark.parametrize(
    ("lines", "path", "excluded"),
    [
        (("!fileutils.go", "*.go"), "fileutils.go", True),
        (("*.go", "!fileutils.go"), "fileutils.go", False),
        (("docs", "!docs/README.md"), "docs/README.md", False),
        (("docs/", "!docs/README.md"), "docs/README.md", False),
        (("docs/*", "!docs/README.md"), "docs/README.md", False),
        (("docs/*", "  ! docs/README.md  "), "docs/README.md", False),
        (("**", "!util/docker/web"), "util/docker/web/foo", False),
        (("**", "!util/docker/web", "util/docker/web/foo"), "util/docker/web/foo", True),
        (("**", "!dist/*.whl"), "dist/a+b-py3.whl", False),
        # The documentation's three lists: the last line that matches decides.
        (("*.md", "!README.md"), "README.md", False),
        (("*.md", "!README*.md", "README-secret.md"), "README-secret.md", True),
        (("*.md", "README-secret.md", "!README*.md"), "README-secret.md", False),
        # Anchored at the root, unlike gitignore.
        (("node_modules",), "packages/a/node_modules/x.js", False),
        (("*/temp*",), "somedir/temporary.txt", True),
        (("*/*/temp*",), "somedir/temporary.txt", False),
        (("temp?",), "tempa", True),
        (("temp?",), "temp", False),
        # Cleaned before they are matched.
        (("/foo/bar",), "foo/bar", True),
        (("./foo//bar/../baz/",), "foo/baz/x", True),
        # A comment starts in the first column; a # elsewhere is a name.
        (("# *", " #x"), "#x", True),
        (("# *",), "a", False),
        (("\ufeffa",), "a", True),
        (("a\r",), "a", True),
        ((".",), "a", False),
    ],
)
def test_lists(lines: tuple[str, ...], path: str, excluded: bool) -> None:
    assert read_dockerignore("\n".join(lines)).excludes(path) is excluded


@pytest.mark.parametrize(
    "line", ["!", "! ", "[", "[^", "[^bc", "a[", "[]a]", "[-]", "[x-]", "[-x]", "[a-b-c]", "\\", "[z-a]"]
)
def test_what_a_build_refuses(line: str) -> None:
    with pytest.raises(DockerignoreError, match="line 2"):
        read_dockerignore(f"ok\n{line}\n")
