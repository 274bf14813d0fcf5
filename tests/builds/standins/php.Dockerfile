# Debian's PHP where the official image has it, with what compiles extensions, and the program that does: it takes those
# whose sources a project brings to /usr/src/php/ext.
ARG BASE
FROM ${BASE}
ENV PHPIZE_DEPS="autoconf dpkg-dev file g++ gcc libc-dev make pkg-config re2c" PHP_INI_DIR=/usr/local/etc/php
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates curl php-cli php-dev xz-utils ${PHPIZE_DEPS} \
    && rm -rf /var/lib/apt/lists/* \
    && mkdir -p "$PHP_INI_DIR/conf.d" /usr/src/php/ext /usr/local/lib/php/extensions /var/www/html \
    && for tool in php phpize php-config; do ln -s "/usr/bin/$tool" "/usr/local/bin/$tool"; done \
    && printf '%s\n' '#!/bin/sh' 'set -e' 'for name in "$@"; do' '    cd "/usr/src/php/ext/$name" && phpize && ./configure && make -j2' \
        '    cp "modules/$name.so" /usr/local/lib/php/extensions/' \
        '    echo "extension=/usr/local/lib/php/extensions/$name.so" > "$PHP_INI_DIR/conf.d/docker-php-ext-$name.ini"' 'done' \
        > /usr/local/bin/docker-php-ext-install \
    && printf '%s\n' '#!/bin/sh' 'set -e' 'if [ "${1#-}" != "$1" ]; then set -- php "$@"; fi' 'exec "$@"' > /usr/local/bin/docker-php-entrypoint \
    && chmod +x /usr/local/bin/docker-php-ext-install /usr/local/bin/docker-php-entrypoint
ENV PHP_VERSION=8.2 PHP_INI_SCAN_DIR=:/usr/local/etc/php/conf.d
ENTRYPOINT ["docker-php-entrypoint"]
CMD ["php", "-a"]
