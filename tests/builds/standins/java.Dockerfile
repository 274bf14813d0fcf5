# Debian's OpenJDK under the path of the Temurin images; PACKAGE says whether it is the kit or the runtime.
ARG BASE
FROM ${BASE}
ARG PACKAGE
RUN mkdir -p /usr/share/man/man1 /opt/java \
    && apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates curl tzdata ${PACKAGE} \
    && rm -rf /var/lib/apt/lists/* \
    && ln -s /usr/lib/jvm/java-17-openjdk-* /opt/java/openjdk
ENV JAVA_HOME=/opt/java/openjdk PATH=/opt/java/openjdk/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=en_US.UTF-8
