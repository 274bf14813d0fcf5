# Debian's Elixir and Erlang where the official images have them. There is no Hex here: programs without dependencies.
ARG BASE
FROM ${BASE}
ENV ELIXIR_VERSION=v1.14.0 LANG=C.UTF-8
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates elixir erlang-base erlang-dev erlang-crypto erlang-ssl erlang-tools \
    && rm -rf /var/lib/apt/lists/* \
    && for tool in elixir elixirc iex mix erl; do ln -s "/usr/bin/$tool" "/usr/local/bin/$tool"; done
CMD ["iex"]
