# A root filesystem of a few unpacked packages and no package manager or shell, as the distroless images have it.
ARG BASE
FROM ${BASE} AS unpack
ARG PACKAGES
WORKDIR /packages
RUN apt-get update \
    && apt-get download ${PACKAGES} \
    && for archive in *.deb; do dpkg -x "$archive" /root-filesystem; done \
    && cd /root-filesystem \
    && rm -rf usr/share/doc usr/share/man \
    && mkdir -p tmp root home/nonroot etc/ssl/certs \
    && chmod 1777 tmp \
    && chown 65532:65532 home/nonroot \
    && printf 'passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nservices: files\n' > etc/nsswitch.conf \
    && cat usr/share/ca-certificates/mozilla/*.crt > etc/ssl/certs/ca-certificates.crt \
    && printf 'root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n' > etc/passwd \
    && printf 'root:x:0:\nnobody:x:65534:\nnonroot:x:65532:\n' > etc/group

FROM scratch
COPY --from=unpack /root-filesystem /
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
ARG USER=0
USER ${USER}
