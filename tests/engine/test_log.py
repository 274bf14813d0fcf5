"""What a build's log says of the steps that were carried out and of those whose result was at hand."""

from __future__ import annotations

import re

import pytest

from dockerslim_rewrite.engine import containers, docker
from dockerslim_rewrite.engine.log import LogReader

BUILDAH = """\
[1/2] STEP 1/5: FROM debian:bookworm-slim AS build
[1/2] STEP 2/5: RUN echo a > /a
--> Using cache 7c443cef0f24f23821d027ac7374772cfcbbc73cbd1a2ca81f3f82ec304b8e81
--> 7c443cef0f2
[1/2] STEP 3/5: COPY f /f
--> e64242f9ca7
[1/2] STEP 4/5: RUN echo b > /b
--> 3f1c9766b0e
[1/2] STEP 5/5: ENV A=b
--> e2d5c9dcad0
[2/2] STEP 1/3: FROM debian:bookworm-slim
[2/2] STEP 2/3: COPY --from=build /a /a
--> Using cache c9f06c268a561b8e1949fc07f37beccd770c074aed14e16439520e1e0038a173
--> c9f06c268a5
[2/2] STEP 3/3: RUN echo c >/c
--> Using cache 75a75376e3325f1613bc9531ac173a0032250c1677b7c29a2d122c5be1c8de42
[2/2] COMMIT localhost/exp:1
""".splitlines()
# Steps of two stages run at the same time, and a step is named anew when its output goes on.
BUILDKIT = """\
#4 [build 1/4] FROM docker.io/library/debian:bookworm-slim
#4 DONE 0.0s
#5 [build 2/4] RUN echo a > /a
#6 [stage-1 2/3] RUN echo c >/c
#5 CACHED
#7 [build 3/4] COPY f /f
#7 DONE 0.1s
#8 [build 4/4] RUN echo b > /b
#8 0.211 b
#6 CACHED
#8 [build 4/4] RUN echo b > /b
#8 DONE 0.3s
""".splitlines()


@pytest.mark.parametrize(
    ("step", "cached", "lines"),
    [
        pytest.param(containers._STEP, containers._CACHED, BUILDAH, id="buildah"),
        pytest.param(docker._STEP, docker._CACHED, BUILDKIT, id="buildkit"),
    ],
)
def test_what_was_at_hand_was_not_carried_out(step: re.Pattern[str], cached: re.Pattern[str], lines: list[str]) -> None:
    shown: list[str] = []
    reader = LogReader(step, cached, shown.append)
    for line in lines:
        reader(line)
    assert reader.executed == ("RUN echo b > /b",)
    assert shown[0].startswith(("1/5 FROM", "1/4 FROM"))


def test_without_a_cache_all_is_carried_out() -> None:
    reader = LogReader(containers._STEP, containers._CACHED, lambda line: None)
    for line in BUILDAH:
        if "Using cache" not in line:
            reader(line)
    assert reader.executed == ("RUN echo a > /a", "RUN echo b > /b", "RUN echo c >/c")
    assert reader.step == "RUN echo c >/c"
