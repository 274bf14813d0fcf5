"""Whose a directory is behind the steps of a stage, apart from what lies in it."""

from __future__ import annotations

import pytest

from dockerslim_rewrite.analysis.runtime.shipping import shipping
from dockerslim_rewrite.analysis.runtime.top_owner import TopOwners
from dockerslim_rewrite.ir.build import read_build
from dockerslim_rewrite.knowledge.recipes import recipe
from dockerslim_rewrite.syntax import parse

_UNKNOWN = ""
_ROOT = None


def account_of(path: str, lines: str) -> str | None:
    """The account of *path* and all in it; empty where it is another one than root, and COPY cannot say it."""
    build = read_build(parse(f"FROM node:22-alpine\n{lines}\nRUN true\n"))
    known = recipe("node")
    found = TopOwners(shipping(build.stages[0], known, "22")[0].touches, known.given).of(path)
    return found.account if found is not None else _ROOT


@pytest.mark.parametrize(
    ("lines", "account"),
    [
        ("WORKDIR /app", _ROOT),
        ("COPY . /app", _ROOT),
        ("COPY . /app\nRUN chown -R node:node /app", "node:node"),
        ("COPY . /app\nRUN chown -R node /app", "node:0"),
        ("COPY . /app\nRUN chown -R node: /app", "node:node"),
        ("COPY . /app\nRUN chown -R node:node /app && chown -R root:root /app", _ROOT),
        ("COPY . /app\nRUN chown -R node:node /app && chgrp -R 0 /app", "node:0"),
        ("COPY . /app\nRUN chown node:node /app", _UNKNOWN),
        ("WORKDIR /app\nRUN chown node:node /app", "node:node"),
        ("WORKDIR /app\nCOPY --chown=node:node . .\nRUN chown node:node /app", "node:node"),
        ("WORKDIR /app\nCOPY --chown=node:node . .", _ROOT),
        ("COPY --chown=node:node . /app", "node:node"),
        ("COPY --chown=1000 . /app", "1000:1000"),
        ("COPY --chown=$OWNER . /app", _UNKNOWN),
        ("USER node\nWORKDIR /app", "node:node"),
        ("USER 1000\nWORKDIR /app", "1000:1000"),
        ("USER 1000\nWORKDIR /app\nRUN npm ci", _UNKNOWN),
        ("USER node\nRUN mkdir /app", "node:node"),
        ("RUN useradd web\nUSER web\nRUN mkdir /app", "web:web"),
        ("RUN adduser -S web\nUSER web\nRUN mkdir /app", _UNKNOWN),
        ("COPY . /app\nRUN chown -R node:node /app\nRUN npm ci --prefix /app", _UNKNOWN),
        ("COPY . /app\nRUN chown -R node:node /app\nCOPY x /app/", _UNKNOWN),
        ("COPY . /app\nRUN chown -R node:node /app || true", _UNKNOWN),
        ("COPY . /app\nRUN if true; then chown -R node:node /app; fi", _UNKNOWN),
        ("COPY . /app\nRUN find /app -exec chown node {} +", _UNKNOWN),
        ("COPY . /app\nRUN chown -R node:node /app && rm -rf /app && mkdir /app", _ROOT),
        ("COPY . /app\nRUN chown -R node:node /app && (rm -rf /app || true) && mkdir -p /app", _UNKNOWN),
        ("COPY . /app\nRUN chmod 777 /app", _UNKNOWN),
        ("COPY . /app\nRUN chmod -R g+w /app", _UNKNOWN),
        ("COPY . /app\nRUN chmod 777 /app && chmod 0755 /app", _ROOT),
        ("COPY . /app\nRUN chmod -R a+rX,u+w /app && chmod +x /app/x && chmod 600 /app/key", _ROOT),
        ("RUN mkdir -m 700 /app", _UNKNOWN),
        ("RUN umask 002 && mkdir /app", _UNKNOWN),
        ("COPY . /app\nRUN chown node /app/data", _ROOT),
    ],
)
def test_a_directory_is_whose_it_was_made_or_given(lines: str, account: str | None) -> None:
    assert account_of("/app", lines) == account


@pytest.mark.parametrize("lines", ["COPY x.conf /etc/x.conf\nRUN chown node /etc/x.conf && chmod 600 /etc/x.conf"])
def test_a_file_keeps_its_owner(lines: str) -> None:
    assert account_of("/etc/x.conf", lines) is _ROOT


def test_a_directory_of_the_image_keeps_its_owner() -> None:
    assert account_of("/home/node", "COPY --chown=node:node . /home/node\nUSER node\nRUN npm ci") is _ROOT
    assert account_of("/home/node", "RUN chown root:root /home/node") == _UNKNOWN
