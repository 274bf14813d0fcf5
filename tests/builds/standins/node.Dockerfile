# Debian's Node.js under /usr/local, with npm as the registry has it: Debian's own npm is hundreds of packages. pnpm and
# Yarn are told where the registry is as well.
ARG SLIM
ARG BASE
FROM ${SLIM} AS npm
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates nodejs npm
RUN npm --userconfig /usr/local/share/client/npmrc install --global --prefix /opt/npm npm@9.9.3

FROM ${BASE}
RUN apt-get update \
    && apt-get install -y --no-install-recommends nodejs \
    && rm -rf /var/lib/apt/lists/* \
    && mv /usr/bin/node /usr/local/bin/node \
    && ln -s /usr/local/bin/node /usr/bin/node \
    && ln -s /usr/local/bin/node /usr/local/bin/nodejs \
    && groupadd --gid 1000 node \
    && useradd --uid 1000 --gid node --shell /bin/bash --create-home node
COPY --from=npm /opt/npm/lib/node_modules/npm /usr/local/lib/node_modules/npm
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm \
    && ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx \
    && cp /usr/local/share/client/npmrc "$(npm config get globalconfig)" \
    && mkdir -p /usr/local/etc \
    && cp /usr/local/share/client/npmrc /usr/local/etc/npmrc \
    && printf '%s "%s"\n' cafile /usr/local/share/client/ca.pem registry "$(npm config get registry)" > /etc/yarnrc
ENV NODE_VERSION=18.20.4
CMD ["node"]
