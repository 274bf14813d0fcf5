# Debian's Go where the official image has it. There is no module proxy: programs of the standard library only.
ARG BASE
FROM ${BASE}
RUN apt-get update \
    && apt-get install -y --no-install-recommends golang-1.19-go \
    && rm -rf /var/lib/apt/lists/* \
    && ln -s /usr/lib/go-1.19 /usr/local/go \
    && mkdir -p /go/src /go/bin \
    && chmod -R 777 /go
ENV GOLANG_VERSION=1.19.8 GOPATH=/go PATH=/go/bin:/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
WORKDIR /go
