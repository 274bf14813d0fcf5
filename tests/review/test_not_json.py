"""Instructions that look like JSON and are none."""

from __future__ import annotations

import pytest

from .test_breaks import told
from .test_review import Make

FROM = "FROM debian:12.6-slim\n"


@pytest.mark.parametrize(
    ("text", "why", "got"),
    [
        ('CMD ["sleep","1",]', "a comma stands before `]`", "looks for a command `[sleep,1,]`"),
        ('ENTRYPOINT ["sleep", "1"] # x', "something stands behind `]`", "looks for a command `[sleep,`"),
        ("CMD ['cat','/x']", "JSON has double quotes only", "looks for a command `[cat,/x]`"),
        ('CMD ["cat", "/x"', "`]` is missing", "looks for a command `[cat,`"),
        ('CMD [ "cat", "/x" ] # x', "something stands behind `]`", "takes it for a test"),
        ('CMD [ "cat", "/x"', "`]` is missing", "finds no `]` that ends the test"),
        ('RUN ["echo", "a"] # x', "something stands behind `]`", "looks for a command `[echo,`"),
        ("RUN ['echo','a']", "JSON has double quotes only", "looks for a command `[echo,a]`"),
    ],
)
@pytest.mark.parametrize("new", [False, True])
def test_what_looks_like_json(repo: Make, text: str, why: str, got: str, new: bool) -> None:
    fate = "it fails" if text.startswith("RUN") else "the container does not start"
    reason = f"{text.split()[0]} looks like JSON and is none ({why}): the shell {got}, so {fate}"
    before = {"README": "x"} if new else {"Dockerfile": f'{FROM}CMD ["sleep", "1"]\n'}
    found = told(repo, before, {"Dockerfile": f"{FROM}{text}\n"})
    assert (2, True, reason) in found


@pytest.mark.parametrize(
    "text",
    [
        'CMD ["sleep", "1"]',
        'SHELL ["powershell"]\nCMD ["a"] # x',
        'RUN [ "$A" = "b" ] || true',
        "RUN [ -f /etc/passwd ] && echo",
        "RUN [ 'x' ]",
        'RUN [[ "$A" == b ]] || true',
        "CMD ['a']\nCMD true",
        "CMD [ -f /x ] && exec /y",
    ],
)
def test_what_is_meant_for_a_shell(repo: Make, text: str) -> None:
    found = told(repo, {"Dockerfile": FROM}, {"Dockerfile": f"{FROM}{text}\n"})
    assert not [one for one in found if "looks like JSON" in one[2]]


def test_what_was_so_before_is_no_news(repo: Make) -> None:
    found = told(repo, {"Dockerfile": f"{FROM}CMD ['a']\n"}, {"Dockerfile": f"{FROM}RUN true\nCMD ['a']\n"})
    assert not [one for one in found if "looks like JSON" in one[2]]
