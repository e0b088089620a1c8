#!/bin/sh
# The newest code, browser and base image, one after the other; then the stack is started anew.
#
#   docker/upgrade.sh                  what runs without a profile
#   docker/upgrade.sh --profile tls    and what that profile has; several may be given
#
# Take a backup before: docs/operations.md, "Upgrade".
set -eu
cd "$(dirname "$0")/.."

[ ! -d .git ] || git pull --ff-only
PACKAGES_OF=$(date -u +%Y-%m-%d) && export PACKAGES_OF
docker compose "$@" build --pull
docker compose "$@" pull --ignore-buildable
docker compose "$@" up -d
docker compose exec -T web fleet --version
docker compose exec -T web chromium-headless-shell --version
