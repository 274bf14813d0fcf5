# Debian's Python, made to look like the official image's: a virtual environment whose prefix is /usr/local, so that
# `python`, `pip` and site-packages are where Dockerfiles expect them, and the marker for managed environments is moot.
ARG BASE
FROM ${BASE}
ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates netbase tzdata python3 python3-venv libpython3-dev \
    && rm -rf /var/lib/apt/lists/* /usr/lib/python3.11/config-*/*.a /usr/lib/x86_64-linux-gnu/libpython3.11*.a \
    && cp /usr/local/share/client/pip.conf /etc/pip.conf \
    && mkdir /etc/uv \
    && echo 'native-tls = true' > /etc/uv/uv.toml \
    && cat /usr/local/share/client/ca.pem >> /etc/ssl/certs/ca-certificates.crt \
    && python3 -m venv --system-site-packages /usr/local \
    && pip install --no-cache-dir --disable-pip-version-check wheel \
    && find / -xdev -name __pycache__ -type d -prune -exec rm -rf {} + \
    && rm -f /usr/local/bin/activate* /usr/local/bin/Activate*
ENV PYTHON_VERSION=3.11.2
CMD ["python3"]
