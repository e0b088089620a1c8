# One image for all roles: `fleet watch`, `fleet serve` and every other command.
#
# PYTHON_IMAGE may come from a mirror or be pinned by digest. DEBIAN_MIRROR replaces Debian's
# archive, PIP_INDEX_URL the package index, for builds behind a mirror.
ARG PYTHON_IMAGE=python:3.13-slim-trixie

FROM ${PYTHON_IMAGE} AS packages
ARG PIP_INDEX_URL
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
RUN python -m venv /opt/fleet
# Without the extra `parquet` (pyarrow, 176 MB): docs/operations.md says how to add it.
COPY docker/requirements.lock docker/
RUN /opt/fleet/bin/python -m pip install --require-hashes -r docker/requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY fleet fleet
COPY scenarios scenarios
# The builder and pip itself do not go into the image that runs.
RUN /opt/fleet/bin/python -m pip install --no-deps --no-build-isolation . \
    && /opt/fleet/bin/python -m pip uninstall --yes --quiet hatchling editables pip \
    && find /opt/fleet -name __pycache__ -prune -exec rm -rf {} + \
    && /opt/fleet/bin/python -m compileall -q /opt/fleet/lib

FROM ${PYTHON_IMAGE}
ARG DEBIAN_MIRROR
ARG PACKAGES_OF=
LABEL org.opencontainers.image.title="prefecture-fleet" \
      org.opencontainers.image.description="Measures, with evidence, whether French prefectures offer appointments online" \
      org.opencontainers.image.licenses="Apache-2.0"
# libatomic1: Playwright's driver dies without it. Fonts: Latin, Cyrillic, Greek, Arabic, Hebrew, Chinese.
# openssl: timestamps and dossiers. tini: collects what Chromium leaves, passes SIGTERM on.
# Versions are Debian's of the day on which this step runs: another PACKAGES_OF, as docker/upgrade.sh
# gives it, makes it run again and so brings Chromium's security updates.
# hadolint ignore=DL3008
RUN echo "packages of ${PACKAGES_OF:-the first build}" && if [ -n "${DEBIAN_MIRROR:-}" ]; then \
        sed -i "s|^URIs: .*/debian$|URIs: ${DEBIAN_MIRROR}|" /etc/apt/sources.list.d/debian.sources; \
    fi \
    && apt-get update \
    && apt-get install --yes --no-install-recommends \
        ca-certificates chromium-headless-shell libatomic1 openssl tini tzdata \
        fonts-dejavu-core fonts-freefont-ttf fonts-liberation fonts-wqy-zenhei \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 fleet \
    && useradd --uid 10001 --gid 10001 --home-dir /tmp --no-create-home --shell /usr/sbin/nologin fleet \
    && install --directory --owner fleet --group fleet --mode 700 \
        /data /backup /secrets /secrets/root /secrets/watch /secrets/web \
    && mkdir /own-scenarios \
    && chmod 755 /secrets /secrets/root /secrets/watch /secrets/web
COPY --from=packages /opt/fleet /opt/fleet
COPY scenarios /scenarios
COPY docker/first-start.sh docker/watch.sh docker/backup.sh docker/accounts.py docker/healthy.py /opt/fleet/share/
# HOME must be writable, and a container has only /tmp (a tmpfs) and its volumes to write to.
ENV PATH=/opt/fleet/bin:$PATH HOME=/tmp LANG=C.UTF-8 TZ=UTC PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    MALLOC_ARENA_MAX=2 FLEET_DATA_DIR=/data FLEET_SCENARIOS_DIR=/scenarios:/own-scenarios
WORKDIR /data
USER 10001:10001
ENTRYPOINT ["/usr/bin/tini", "--", "fleet"]
CMD ["--help"]
