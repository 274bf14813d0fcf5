# Debian's Gradle, an older one, where the official image has it. There is no repository server: programs without libraries.
ARG BASE
FROM ${BASE}
RUN apt-get update \
    && apt-get install -y --no-install-recommends gradle unzip \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --system --gid 1000 gradle \
    && useradd --system --gid gradle --uid 1000 --shell /bin/bash --create-home gradle \
    && mkdir /home/gradle/.gradle \
    && chown -R gradle:gradle /home/gradle
ENV GRADLE_HOME=/usr/share/gradle
CMD ["gradle"]
