# Debian's Ruby with the settings of the official image: gems go to /usr/local/bundle. There is no gem server here, so
# projects bring their gems along.
ARG BASE
FROM ${BASE}
ENV LANG=C.UTF-8
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates libyaml-0-2 ruby ruby-bundler ruby-dev tzdata \
    && rm -rf /var/lib/apt/lists/* \
    && for tool in ruby gem bundle bundler rake irb erb; do ln -s "/usr/bin/$tool" "/usr/local/bin/$tool"; done
ENV RUBY_VERSION=3.1.2 GEM_HOME=/usr/local/bundle
ENV BUNDLE_SILENCE_ROOT_WARNING=1 BUNDLE_APP_CONFIG=/usr/local/bundle PATH=/usr/local/bundle/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
RUN mkdir -p "$GEM_HOME" && chmod 1777 "$GEM_HOME"
CMD ["irb"]
