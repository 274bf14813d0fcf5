"""Packages that only development needs, left out by a build: the program works as before, in a smaller image."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from dockerslim_rewrite import Options, rewrite
from dockerslim_rewrite.engine.announced import announced
from dockerslim_rewrite.engine.bases import external_images
from dockerslim_rewrite.engine.expectations import Difference
from dockerslim_rewrite.engine.interface import BuildFailed
from dockerslim_rewrite.engine.verify import Candidate, VerifyOptions, verify_each

FILES = {
    "Dockerfile": """FROM node:18-slim
WORKDIR /app
COPY package.json ./
RUN npm install --no-audit
COPY . .
CMD ["npm", "start"]
""",
    "package.json": json.dumps(
        {
            "name": "tides",
            "version": "1.0.0",
            "scripts": {"start": "node tides.js", "lint": "prettier --check ."},
            "dependencies": {"ms": "2.1.3"},
            "devDependencies": {"prettier": "3.3.3"},
        }
    ),
    "tides.js": "const { text } = require('./table')\nconsole.log(text)\n",
    "table.js": "const ms = require('ms')\nexports.text = `the next tide comes in ${ms(22350000, { long: true })}`\n",
}


@pytest.mark.builds
@pytest.mark.xdist_group("builds")
def test_a_program_does_without_what_is_left_out(base_images: Callable[..., None], tmp_path: Path) -> None:
    context = tmp_path / "context"
    context.mkdir()
    for name, text in FILES.items():
        (context / name).write_text(text)
    before, after = context / "Dockerfile", tmp_path / "Dockerfile.without"
    result = rewrite(before.read_bytes(), Options(select=("DS410",), context=context), str(before))
    assert [change.rule for change in result.changes] == ["DS410"]
    assert "npm install --omit=dev --no-audit" in result.text
    after.write_bytes(result.to_bytes())
    base_images(*external_images(before, {}))
    options = VerifyOptions(engine="buildah", smoke=("npm", "start", "--silent"), warm=False, control=False)
    (outcome,) = verify_each(before, [Candidate(after, announced(result.changes))], context, options)
    assert not isinstance(outcome, BuildFailed), outcome.log_end
    assert outcome.before.smoke is not None
    assert outcome.before.smoke.stdout == "the next tide comes in 6 hours\n"
    assert outcome.smoke_agrees, outcome.after.smoke
    assert not [one for one in outcome.unexpected if one.kind is Difference.REMOVED]
    assert not outcome.unexpected_config
    assert "/app/node_modules/prettier/package.json" in outcome.before.image.files
    assert "/app/node_modules/prettier/package.json" not in outcome.after.image.files
    assert outcome.before.image.size - outcome.after.image.size > 5_000_000
