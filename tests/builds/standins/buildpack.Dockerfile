# The tools and headers that the full variants of language images carry; fewer than in the real ones.
ARG BASE
FROM ${BASE}
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        autoconf automake build-essential ca-certificates curl file git gnupg \
        libbz2-dev libcurl4-openssl-dev libffi-dev libgmp-dev libjpeg-dev liblzma-dev libpng-dev libpq-dev \
        libreadline-dev libsqlite3-dev libssl-dev libtool libxml2-dev libxslt1-dev libyaml-dev \
        make openssh-client patch procps unzip wget xz-utils zlib1g-dev \
    && rm -rf /var/lib/apt/lists/*
