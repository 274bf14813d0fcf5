# Debian's newest Rust where the official image has it. There is no crate registry: programs of the standard library, or
# with crates of their own.
ARG BASE
FROM ${BASE}
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates cargo-web gcc libc6-dev rustc-web \
    && rm -rf /var/lib/apt/lists/* \
    && mkdir -p /usr/local/cargo/bin /usr/local/rustup \
    && for tool in cargo rustc rustdoc; do ln -s "/usr/bin/$tool" "/usr/local/cargo/bin/$tool"; done \
    && chmod -R a+w /usr/local/cargo /usr/local/rustup
ENV RUSTUP_HOME=/usr/local/rustup CARGO_HOME=/usr/local/cargo PATH=/usr/local/cargo/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin RUST_VERSION=1.96.0
