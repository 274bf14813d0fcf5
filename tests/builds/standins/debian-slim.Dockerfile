# Debian's slim variant: no documentation, manual pages or translations, nor those of packages installed later.
ARG BASE
FROM ${BASE}
RUN printf '%s\n' \
        'path-exclude /usr/share/doc/*' 'path-include /usr/share/doc/*/copyright' \
        'path-exclude /usr/share/man/*' 'path-exclude /usr/share/groff/*' 'path-exclude /usr/share/info/*' \
        'path-exclude /usr/share/lintian/*' 'path-exclude /usr/share/linda/*' \
        'path-exclude /usr/share/locale/*' 'path-include /usr/share/locale/locale.alias' \
        > /etc/dpkg/dpkg.cfg.d/docker \
    && find /usr/share/doc -type f ! -name copyright -delete \
    && find /usr/share/doc -type l -delete \
    && find /usr/share/doc -type d -empty -delete \
    && rm -rf /usr/share/man/* /usr/share/groff/* /usr/share/info/* /usr/share/lintian/* /usr/share/linda/* \
    && find /usr/share/locale -mindepth 1 -maxdepth 1 ! -name locale.alias -exec rm -rf {} +
CMD ["bash"]
