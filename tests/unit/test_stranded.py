"""Commands that are added behind others need a folder to start in."""

from __future__ import annotations

import pytest

from dockerslim_rewrite import Options, rewrite


@pytest.mark.parametrize(
    ("body", "added"),
    [
        ("cd /src && npm ci && rm -rf /src", False),
        ("cd /src && npm ci && cd / && rm -rf /src", True),
        ("rm -rf /src && mkdir /src && cd /src && npm ci", True),
        ("npm ci && rm -rf /w", False),
        ("npm ci && rm -rf /w/", False),
        ("npm ci && rm -rf /w/old", True),
        ("npm ci && rm -f /w/file", True),
        ("npm ci && rm -rf .", False),
        ("npm ci && rm -rf ../w", False),
        ("npm ci && rm -rf old *.md *", True),
        ("npm ci && mv /w /elsewhere", False),
        ("npm ci && mv old new", True),
        ("cd sub && npm ci && cd .. && rm -rf sub", True),
        ("cd sub && npm ci && cd .. && rm -rf /w", False),
        ("npm ci && rm -rf $FOLDER", False),
        ("npm ci && rm -rf old-$VERSION", True),
        ("npm ci && rm -rf $HERE", False),
        ("npm ci && rm -rf $THERE", True),
        ("npm ci && rm -rf ~/.cache $HOME/.config", True),
        ("cd ~/app && npm ci && rm -rf ~/app", False),
        ("cd /tmp/a-$V && npm ci && rm -rf /tmp/a-$V", False),
        ("cd /tmp/a && npm ci && rm -rf /tmp/*", False),
        ("cd /tmp && npm ci && rm -rf /tmp/*", True),
        ("cd /tmp && npm ci && rm -rf /tmp/* /var/lib/apt/lists/*", True),
        ("cd $(mktemp -d) && npm ci && rm -rf /tmp/*", False),
        ("(cd /src && npm ci && rm -rf /src)", False),
        ("pushd /src && npm ci && popd && rm -rf /src", True),
    ],
)
def test_a_tool_is_added_only_where_it_has_a_folder(body: str, added: bool) -> None:
    text = f"FROM node:18\nENV HERE=/w THERE=/elsewhere\nWORKDIR /w\nRUN {body}\n"
    result = rewrite(text, Options(select=("DS206",)))
    assert result.changed is added, result.remarks
    assert not result.bugs


@pytest.mark.parametrize(
    ("first", "merged"),
    [
        ("touch a && rm -rf /w", False),
        ("touch a && rm -rf ../w", False),
        ("touch a && rm -rf $HERE", False),
        ("touch a && rm -rf /w/src", True),
        ("touch a && rm -rf *", True),
    ],
)
def test_runs_stay_apart_where_one_deletes_the_folder_of_the_next(first: str, merged: bool) -> None:
    text = f"FROM debian:12\nENV HERE=/w\nWORKDIR /w\nRUN {first}\nRUN chmod 700 /usr/bin/tool && tool\n"
    result = rewrite(text, Options(select=("DS102", "DS109")))
    assert (result.text.count("RUN") == 1) is merged, result.text
