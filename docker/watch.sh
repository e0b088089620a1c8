#!/bin/sh
# `fleet watch`, as soon as there is somebody whom the sites can ask. Without a contact address no real
# site is visited: this says so and waits, so that the pages can be looked at meanwhile.
set -eu

if [ -z "${FLEET_CONTACT_URL:-}" ]; then
    echo "FLEET_CONTACT_URL is not set, so no real site is visited: a site must be able to see who visits it" \
        "and whom to ask. Set it in .env to a page or mailto: address of yours, then: docker compose up -d" >&2
    trap 'exit 0' TERM INT
    while :; do sleep 3600 & wait $!; done
fi
exec fleet watch
