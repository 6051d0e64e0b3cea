# Weir's image: built with the Swift toolchain, run on plain Debian as a user without rights.
# Tests/LoopbackTests/ImageTests.swift holds this file against the binary and the Makefile.

FROM swift:6.2-bookworm AS build
RUN apt-get update \
  && apt-get install -y --no-install-recommends make \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /weir
# The packages first: they change more rarely than the sources.
COPY Makefile ./
COPY scripts scripts
RUN make packages-build
COPY Package.swift ./
COPY Sources Sources
COPY Tests Tests
RUN make build

FROM debian:12-slim
# The Swift library is in the binary; beside the C library it needs these five.
RUN apt-get update \
  && apt-get install -y --no-install-recommends libnghttp2-14 libpcre2-8-0 libssl3 libyaml-0-2 zlib1g \
  && rm -rf /var/lib/apt/lists/* \
  && groupadd --gid 4150 weir \
  && useradd --uid 4150 --gid weir --no-create-home --shell /usr/sbin/nologin weir
COPY --from=build /weir/.build/release/weir /usr/local/bin/weir
# A number, so that Kubernetes' runAsNonRoot can see that it is not root.
USER 4150:4150
# A listener and the admin address, as in config/minimal.yaml.
EXPOSE 8080 9901
# Where the admin listener is on another port, or on none, say so with WEIR_ADMIN_PORT or disable
# this check. Kubernetes does not use it: point a readiness probe at /readyz.
HEALTHCHECK --interval=5s --timeout=2s --start-period=5s \
  CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/${WEIR_ADMIN_PORT:-9901} && printf 'GET /readyz HTTP/1.1\\r\\nhost: weir\\r\\nconnection: close\\r\\n\\r\\n' >&3 && read -r line <&3 && [[ $line == 'HTTP/1.1 200'* ]]"]
ENTRYPOINT ["weir"]
CMD ["run", "--config", "/etc/weir/weir.yaml"]
