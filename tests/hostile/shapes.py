"""Files that grow in one respect without end. Each function gives the file of size *n*."""

from __future__ import annotations

from collections.abc import Callable

HEAD = "FROM debian:12\n"


def continuations(n: int) -> str:
    return HEAD + "RUN touch a" + " \\\n    b" * n + "\n"


def comments_inside(n: int) -> str:
    return HEAD + "RUN touch a" + " \\\n# why\n    b" * n + "\n"


def empty_continuations(n: int) -> str:
    return HEAD + "RUN touch a \\\n" + "\n" * n + "    b\n"


def commands(n: int) -> str:
    return HEAD + "RUN " + " && ".join(f"touch {index}" for index in range(n)) + "\n"


def commands_on_lines(n: int) -> str:
    return HEAD + "RUN " + " && \\\n    ".join(f"touch {index}" for index in range(n)) + "\n"


def alternatives(n: int) -> str:
    return HEAD + "RUN " + " || ".join(f"touch {index}" for index in range(n)) + "\n"


def lists(n: int) -> str:
    return HEAD + "RUN set -e; " + "; ".join(f"touch {index}" for index in range(n)) + "\n"


def pipes(n: int) -> str:
    return HEAD + "RUN " + " | ".join(f"touch {index}" for index in range(n)) + "\n"


def words(n: int) -> str:
    return HEAD + "RUN touch " + " ".join(str(index) for index in range(n)) + "\n"


def packages(n: int) -> str:
    return HEAD + "RUN apt-get update && apt-get install " + " ".join(f"lib{index}" for index in range(n)) + "\n"


def installs(n: int) -> str:
    return HEAD + "".join(f"RUN apt-get update && apt-get install lib{index}\n" for index in range(n))


def apk_installs(n: int) -> str:
    return "FROM alpine:3.20\n" + "".join(f"RUN apk add --update lib{index}\n" for index in range(n))


def downloads(n: int) -> str:
    return HEAD + "".join(
        f"RUN curl -o /tmp/{index}.tar.gz https://example.com/{index} && tar -xf /tmp/{index}.tar.gz -C /opt\n"
        for index in range(n)
    )


def runs(n: int) -> str:
    return HEAD + "".join(f"RUN touch {index}\n" for index in range(n))


def runs_with_removals(n: int) -> str:
    return HEAD + "".join(f"RUN touch /{index}\nRUN rm /{index}\n" for index in range(n))


def run_and_copy(n: int) -> str:
    return HEAD + "".join(
        f"RUN touch {index}\nCOPY a{index} /b{index}\nRUN chmod 755 /b{index}\n" for index in range(n)
    )


def parentheses(n: int) -> str:
    return HEAD + "RUN " + "(" * n + "touch a" + ")" * n + "\n"


def braces(n: int) -> str:
    return HEAD + "RUN " + "{ " * n + "touch a" + "; }" * n + "\n"


def substitutions(n: int) -> str:
    return HEAD + "RUN echo " + "$(" * n + "true" + ")" * n + "\n"


def substitutions_in_quotes(n: int) -> str:
    return HEAD + "RUN echo " + '"$(echo ' * n + "a" + ')"' * n + "\n"


def arithmetic(n: int) -> str:
    return HEAD + "RUN echo $((" + "(" * n + "1" + ")" * n + "))\n"


def expansions(n: int) -> str:
    return HEAD + "ENV A=" + "${B:-" * n + "c" + "}" * n + "\nRUN echo " + "${B:-" * n + "c" + "}" * n + "\n"


def conditions(n: int) -> str:
    return HEAD + "RUN " + "if true; then " * n + "touch a" + "; fi" * n + "\n"


def backticks(n: int) -> str:
    return HEAD + "RUN echo " + "`echo a` " * n + "\n"


def long_line(n: int) -> str:
    return HEAD + "RUN touch " + "a" * (n * 6) + "\n"


def long_comment(n: int) -> str:
    return HEAD + "# " + "a" * (n * 100) + "\nRUN touch a\n"


def quotes(n: int) -> str:
    return HEAD + "RUN echo " + "'a' " * n + "\n"


def open_quotes(n: int) -> str:
    return HEAD + 'RUN echo "' * n + "\n"


def open_quotes_on_lines(n: int) -> str:
    return HEAD + "RUN echo \"a 'b \\\n" * n + "\n"


def heredocs(n: int) -> str:
    return HEAD + "".join(f"RUN <<E{index}\ntouch {index}\nE{index}\n" for index in range(n))


def heredocs_in_one(n: int) -> str:
    names = [f"E{index}" for index in range(n)]
    return (
        HEAD + "RUN cat " + " ".join(f"<<{name}" for name in names) + "\n" + "".join(f"a\n{name}\n" for name in names)
    )


def heredoc_lines(n: int) -> str:
    return HEAD + "RUN <<EOF\n" + "".join(f"touch {index}\n" for index in range(n)) + "EOF\n"


def open_heredoc(n: int) -> str:
    return HEAD + "RUN <<EOF\n" + "touch a\n" * n


def open_heredocs(n: int) -> str:
    return HEAD + "COPY <<EOF /a\n" * n


def env_pairs(n: int) -> str:
    return HEAD + "ENV " + " ".join(f"A{index}=$A{index - 1}" for index in range(n)) + "\nRUN true\n"


def envs(n: int) -> str:
    return HEAD + "".join(f"ENV A{index} {index}\n" for index in range(n)) + "RUN echo $A1\n"


def labels(n: int) -> str:
    return HEAD + "".join(f"LABEL a{index}={index}\n" for index in range(n))


def args(n: int) -> str:
    return "".join(f"ARG A{index}={index}\n" for index in range(n)) + HEAD + "RUN true\n"


def chained_args(n: int) -> str:
    return (
        "ARG A0=12\n" + "".join(f"ARG A{i}=${{A{i - 1}}}\n" for i in range(1, n)) + f"FROM debian:$A{n - 1}\nRUN true\n"
    )


def array(n: int) -> str:
    return HEAD + "CMD [" + ", ".join(f'"a{index}"' for index in range(n)) + "]\n"


def nested_array(n: int) -> str:
    return HEAD + "CMD " + "[" * n + "]" * n + "\n"


def exposed(n: int) -> str:
    return HEAD + "".join(f"EXPOSE {index}:{index}/TCP\n" for index in range(n))


def workdirs(n: int) -> str:
    return HEAD + "".join(f"WORKDIR a{index}\n" for index in range(n))


def users(n: int) -> str:
    return HEAD + "".join(f"USER a{index}\nRUN sudo touch {index}\n" for index in range(n))


def commands_replaced(n: int) -> str:
    return HEAD + "".join(f"CMD a{index}\n" for index in range(n))


def stages(n: int) -> str:
    return "".join(f"FROM debian:12 AS s{index}\nRUN touch {index}\nRUN touch b\n" for index in range(n))


def stage_chain(n: int) -> str:
    chain = "".join(f"FROM s{index - 1} AS s{index}\nRUN touch {index}\n" for index in range(1, n))
    return "FROM debian:12 AS s0\nRUN apt-get update\n" + chain + "CMD a\n"


def copies_from_stages(n: int) -> str:
    head = "".join(f"FROM debian:12 AS s{index}\nRUN touch {index}\n" for index in range(n))
    return head + HEAD + "".join(f"COPY --from={index} /{index} /{index}\n" for index in range(n))


def sources(n: int) -> str:
    return HEAD + "COPY " + " ".join(f"a{index}" for index in range(n)) + " /b/\n"


def adds(n: int) -> str:
    return HEAD + "".join(f"ADD a{index} /b{index}\n" for index in range(n))


def triggers(n: int) -> str:
    return HEAD + "".join(f"ONBUILD RUN apt-get update && apt-get install lib{index}\n" for index in range(n))


def blank_lines(n: int) -> str:
    return HEAD + "\n" * n + "RUN touch a\n"


def comment_lines(n: int) -> str:
    return HEAD + "# a\n" * n + "RUN touch a\n"


def ignores(n: int) -> str:
    return HEAD + "".join(f"# hadolint ignore=DL3008\nRUN apt-get update && apt-get install lib{i}\n" for i in range(n))


def lower_case(n: int) -> str:
    return "from debian:12\n" + "run touch a\nCOPY a b\n" * n


def carriage_returns(n: int) -> str:
    return "FROM debian:12\r\n" + "RUN touch a \\\r\n  b\r\n" * n


def directives(n: int) -> str:
    return "# syntax=a\n" + "# b=c\n" * n + HEAD


def shells(n: int) -> str:
    return HEAD + 'SHELL ["/bin/bash", "-c"]\nRUN curl a | sh\n' * n


def health_checks(n: int) -> str:
    return HEAD + "".join(f"HEALTHCHECK --interval={i + 1}s CMD curl -f http://localhost/{i}\n" for i in range(n))


def functions(n: int) -> str:
    return HEAD + "RUN " + " && ".join(f"f{index}() {{ touch {index}; }}" for index in range(n)) + "\n"


def case_branches(n: int) -> str:
    return HEAD + 'RUN case "$X" in ' + " ".join(f"{index}) touch {index};;" for index in range(n)) + " esac\n"


def variables(n: int) -> str:
    return HEAD + "".join(f"RUN A{index}=1; touch $A{index}\n" for index in range(n))


def folders(n: int) -> str:
    return HEAD + "".join(f"RUN cd /a{index} && touch b\n" for index in range(n))


def clones(n: int) -> str:
    return HEAD + "".join(
        f"RUN git clone https://example.com/{i} && cd {i} && make && rm -rf ../{i}\n" for i in range(n)
    )


def pip_installs(n: int) -> str:
    return "FROM python:3.12\n" + "".join(f"RUN pip install a{index}\n" for index in range(n))


def npm_installs(n: int) -> str:
    return "FROM node:20\n" + "".join(f"RUN npm install a{index}\n" for index in range(n))


def told_arguments(n: int) -> str:
    return HEAD + "".join(f"ARG BUILD_ID\nLABEL a{i}=$BUILD_ID\nLABEL b{i}=c\nRUN apt-get update\n" for i in range(n))


def told_arguments_of_many_names(n: int) -> str:
    return HEAD + "".join(f"ARG A{i}_BUILD_ID\nWORKDIR /a{i}\n" for i in range(n)) + "RUN apt-get update\n"


def copies_before_installs(n: int) -> str:
    return HEAD + "".join(f"COPY a{i} /a{i}/\nENV B{i}=/b{i}\nRUN apt-get install lib{i}\n" for i in range(n))


def copies_before_an_install(n: int) -> str:
    return HEAD + "".join(f"COPY a{i} /a{i}/\nENV B{i}=/b{i}\n" for i in range(n)) + "RUN apt-get install lib\n"


#: Every shape, and how large it gets. A nesting that no shell reads is left alone at any size.
SHAPES: dict[str, Callable[[int], str]] = {
    name: value
    for name, value in list(globals().items())
    if callable(value) and getattr(value, "__module__", None) == __name__
}
