# gentoo-builder: packages in, Gentoo image out.
#
#     docker build -t gentoo-builder .

ARG BUILD_IMAGE=node:24-bookworm-slim
ARG RUNTIME_IMAGE=node:24-bookworm-slim


# The programs, each as one file with what it loads later.
FROM ${BUILD_IMAGE} AS build

# The SSH client, for engines on other machines, and nginx, from which the nodes of a swarm get packages. What they need of the base is copied
# with them, except the C library: both bases are of one Debian.
RUN apt-get update -q && apt-get install -qq --no-install-recommends openssh-client nginx && rm -rf /var/lib/apt/lists/* && \
    for file in /usr/bin/ssh /usr/sbin/nginx $(ldd /usr/bin/ssh /usr/sbin/nginx | sed -n 's/.* => \(\/[^ ]*\).*/\1/p' | grep -v '/lib\(c\|m\|dl\|pthread\|resolv\)\.'); do \
      directory=/programs$(dirname "$(readlink -f "$file")") && mkdir -p "$directory" && cp -L "$file" "$directory" || exit; \
    done

WORKDIR /build
COPY package.json package-lock.json ./
# The Node for hosts that have none of their own is not needed here.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund && rm -rf node_modules/node-linux-*
COPY . .
# Compiled once, here: each run loads the code of what it needs.
RUN npm run build && node setup/make-code-cache.js


FROM ${RUNTIME_IMAGE}

ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="gentoo-builder" \
      org.opencontainers.image.description="Gentoo packages in, Gentoo image out" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}"

COPY --from=build /programs/ /
COPY --from=build /build/package.json /usr/lib/gentoo-builder/
COPY --from=build /build/entrypoint /usr/lib/gentoo-builder/entrypoint
COPY --from=build /build/dist /usr/lib/gentoo-builder/dist

# By their names for --entrypoint, and for a shell in here.
RUN ln -s /usr/lib/gentoo-builder/entrypoint/gentoo-builder.js /usr/local/bin/gentoo-builder && \
    ln -s /usr/lib/gentoo-builder/entrypoint/zentoo.js /usr/local/bin/zentoo

# A builder that is kept owns the tree, the packages and the sources, and hands them on by --volumes-from.
VOLUME /var/db/repos/gentoo /var/cache/binpkgs /var/cache/distfiles

# A log of any size passes through in small pieces: with a young generation of 2 MiB it does not pile up in memory first
# (1 GB of log: 19 MB, against up to 75).
# DEP0169: over TCP the engine's client library parses addresses, of this program's own making, in a way that Node warns of.
ENTRYPOINT ["node", "--max-semi-space-size=2", "--disable-warning=DEP0169", "/usr/lib/gentoo-builder/entrypoint/gentoo-builder.js"]
