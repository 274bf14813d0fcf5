"""An image of one layer, built: the same files and the same configuration as before, in fewer bytes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dockerslim_rewrite import Options, rewrite
from dockerslim_rewrite.engine.announced import announced
from dockerslim_rewrite.engine.bases import external_images
from dockerslim_rewrite.engine.interface import BuildFailed
from dockerslim_rewrite.engine.verify import Candidate, VerifyOptions, verify_each

DOCKERFILE = """FROM debian:bookworm-slim
LABEL maintainer="tides@example.com"
ENV TIDES=/var/lib/tides PATH=/opt/tides/bin:$PATH
WORKDIR $TIDES
RUN head -c 20000000 /dev/urandom > table && useradd --create-home --uid 1234 harbour
RUN ln -s table link && ln table hard && mkdir -m 1777 spool && chown harbour spool
COPY tides /opt/tides/bin/
STOPSIGNAL SIGINT
EXPOSE 8080/udp
RUN rm table hard link && chmod 4755 /opt/tides/bin/tides && chown -R harbour .
USER harbour
VOLUME /var/spool/tides
HEALTHCHECK --interval=9s CMD tides
ENTRYPOINT ["tides"]
CMD ["--today"]
"""


@pytest.mark.builds
@pytest.mark.xdist_group("builds")
def test_a_flat_image_is_the_same_image(base_images: Callable[..., None], tmp_path: Path) -> None:
    context = tmp_path / "context"
    context.mkdir()
    (context / "tides").write_text('#!/bin/sh\necho "$TIDES $PATH $(id -un) $(pwd) $(stat -c %a:%U spool) $*"\n')
    before, after = context / "Dockerfile", tmp_path / "Dockerfile.flat"
    before.write_text(DOCKERFILE)
    result = rewrite(before.read_bytes(), Options(level="aggressive", select=("DS107",)), str(before))
    assert [change.rule for change in result.changes] == ["DS107"]
    after.write_bytes(result.to_bytes())
    base_images(*external_images(before, {}))
    options = VerifyOptions(engine="buildah", smoke=("tides", "--today"), warm=False, control=False)
    (outcome,) = verify_each(before, [Candidate(after, announced(result.changes))], context, options)
    assert not isinstance(outcome, BuildFailed), outcome.log_end
    assert outcome.before.smoke is not None
    assert outcome.before.smoke.status == 0, outcome.before.smoke
    assert outcome.smoke_agrees, outcome.after.smoke
    assert not outcome.unexpected
    assert not outcome.unexpected_config
    assert len(outcome.after.image.layers) == 1
    assert outcome.before.image.size - outcome.after.image.size > 19_000_000
