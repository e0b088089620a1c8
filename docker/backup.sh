#!/bin/sh
# Backups of the database and of the signing key, into /backup.
#
#   daily          one now, then one every day; the newest BACKUPS_KEPT stay (7)
#   now            one
#   list           what there is
#   restore NAME   put one back into an empty database; with --replace, into any
set -eu
cd /backup

one() { fleet backup "/backup/$(date -u +%Y-%m-%dT%H-%M-%SZ)" --keep "${BACKUPS_KEPT:-7}"; }

case ${1:-} in
    daily)
        trap 'exit 0' TERM INT
        while :; do
            one || echo "backup: it failed; the next one is tried in an hour" >&2
            newest=$(find /backup -mindepth 1 -maxdepth 1 -name '2*Z' -mmin -60 | head -n 1)
            sleep "$([ -n "$newest" ] && echo 86400 || echo 3600)" & wait $!
        done ;;
    now) one ;;
    list) ls -1 /backup ;;
    restore) shift && name=$1 && shift && exec fleet restore "/backup/${name##*/}" "$@" ;;
    *) sed -n '2,7s/^# \{0,1\}//p' "$0" >&2 && exit 2 ;;
esac
