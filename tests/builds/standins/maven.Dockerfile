# Debian's Maven where the official image has it. There is no repository server: plugins and libraries are those that
# Debian packages, out of its own repository of them.
ARG BASE
FROM ${BASE}
RUN apt-get update \
    && apt-get install -y --no-install-recommends git maven libgoogle-gson-java libmaven-compiler-plugin-java \
        libmaven-dependency-plugin-java libmaven-jar-plugin-java libmaven-resources-plugin-java libmaven-shade-plugin-java libsurefire-java \
    && rm -rf /var/lib/apt/lists/* \
    && printf '%s\n' '<settings><mirrors><mirror>' \
        '<id>debian</id><mirrorOf>*</mirrorOf><url>file:///usr/share/maven-repo</url>' '</mirror></mirrors></settings>' \
        > /usr/share/maven/conf/settings.xml
ENV MAVEN_HOME=/usr/share/maven MAVEN_CONFIG=/root/.m2
CMD ["mvn"]
