# The container of memoryctl: one program, the libraries that it loads, and nothing else; no shell, no package manager.
#
#   docker build -t memoryctl --build-arg COMMIT="$(git rev-parse HEAD)" \
#     --build-arg SOURCE_DATE_EPOCH="$(git log -1 --format=%ct)" .
#
# Reproducible: the compiler by its image, Debian's packages by the day of a snapshot, Swift packages by scripts/packages.lock,
# times by SOURCE_DATE_EPOCH. A tag can be moved: to hold the image by more than that, give its digest,
# --build-arg SWIFT_IMAGE=swift:6.3.1-bookworm@sha256:...
ARG SWIFT_IMAGE=swift:6.3.1-bookworm

FROM ${SWIFT_IMAGE} AS build
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
# Debian's packages as they were at this moment, whenever this is built.
ARG SNAPSHOT=20261101T000000Z
# The snapshot may be older than what the image has: above 1000 apt prefers its versions, and goes back where it is let.
# No versions: the snapshot has one of each.
# hadolint ignore=DL3008
RUN rm -f /etc/apt/sources.list.d/* \
 && printf 'deb [check-valid-until=no] http://snapshot.debian.org/archive/%s main\n' "debian/${SNAPSHOT}/ bookworm" \
      "debian/${SNAPSHOT}/ bookworm-updates" "debian-security/${SNAPSHOT}/ bookworm-security" > /etc/apt/sources.list \
 && printf 'Package: *\nPin: origin snapshot.debian.org\nPin-Priority: 1001\n' > /etc/apt/preferences.d/snapshot \
 && apt-get update \
 && apt-get install -y --no-install-recommends --allow-downgrades \
      ca-certificates libcurl4-openssl-dev libexpat1-dev libpq-dev libssl-dev libzstd-dev pkg-config \
 && rm -rf /var/lib/apt/lists/*

WORKDIR /src
COPY . .
# What git archive writes in a release; without it --version has the version alone.
ARG COMMIT=
RUN if [ -n "$COMMIT" ]; then sed -i "s/\"\$Format:%H\\$\"/\"$COMMIT\"/" Sources/AuditCore/Commit.swift; fi \
 && scripts/packages pin Package.resolved \
 && swift build -c release --static-swift-stdlib --product memoryctl --force-resolved-versions \
 && scripts/packages check Package.resolved \
 && strip -o /memoryctl .build/release/memoryctl
ARG SOURCE_DATE_EPOCH=0
RUN scripts/image-root /memoryctl /root-of-image

FROM scratch
COPY --from=build /root-of-image/ /
ARG COMMIT=
ARG VERSION=1.0.0
LABEL org.opencontainers.image.title="memoryctl" \
      org.opencontainers.image.description="Archives, verifies and restores an audit log so that others can check it." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${COMMIT}"
# nonroot, by number, so that Kubernetes can see that it is not root.
USER 65532:65532
# Spool; mount a volume there, and the rest may be read-only.
ENV TMPDIR=/tmp
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/bin/memoryctl"]
CMD ["--help"]
