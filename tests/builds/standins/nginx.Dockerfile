# Debian's nginx, arranged as in the official image: one server from conf.d, logs to the container's own streams.
ARG BASE
FROM ${BASE}
RUN groupadd --system --gid 101 nginx \
    && useradd --system --gid nginx --no-create-home --home-dir /nonexistent --uid 101 nginx \
    && apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates curl nginx-light \
    && rm -rf /var/lib/apt/lists/* /etc/nginx/sites-enabled /var/www/html \
    && mkdir -p /usr/share/nginx/html \
    && echo '<h1>Welcome to nginx!</h1>' > /usr/share/nginx/html/index.html \
    && sed -i -e 's/^user .*/user nginx;/' -e '/sites-enabled/d' /etc/nginx/nginx.conf \
    && printf 'server {\n    listen 80;\n    root /usr/share/nginx/html;\n}\n' > /etc/nginx/conf.d/default.conf \
    && ln -sf /dev/stdout /var/log/nginx/access.log \
    && ln -sf /dev/stderr /var/log/nginx/error.log
EXPOSE 80
STOPSIGNAL SIGQUIT
CMD ["nginx", "-g", "daemon off;"]
