#!/bin/sh
# Render the instance from the environment, then become Asterisk.
#
# AMI_SECRET and ARI_SECRET (or AMI_SECRET_FILE and ARI_SECRET_FILE, naming files that hold them) are
# needed. DATABASE (or DATABASE_FILE) is a SQLite file, or the postgres:// URL that the bridge has too.
# Every other option of render.py may be given as a variable of the template's name: SIP_PORT, AMI_PORT,
# RTP_START ... Whatever is not given is render.py's default, and listens on loopback.
set -eu

here=$(dirname "$0")
instance=${INSTANCE:-/srv/asterisk}

secret() { # NAME: the value of NAME, or the content of the file that NAME_FILE names
    value=$(printenv "$1" || true)
    file=$(printenv "$1_FILE" || true)
    if [ -z "$value" ] && [ -n "$file" ]; then
        value=$(cat "$file")
    fi
    if [ -z "$value" ]; then
        echo "docker-entrypoint: set $1 or $1_FILE" >&2
        exit 1
    fi
    printf '%s' "$value"
}
if [ -n "${DATABASE_FILE:-}" ]; then
    database=$(secret DATABASE)
else
    database=${DATABASE:-/srv/database/pbxbridge.sqlite3}
fi
ami_secret=$(secret AMI_SECRET)
ari_secret=$(secret ARI_SECRET)

first() { # PATH...: the first one that exists
    for path in "$@"; do
        if [ -e "$path" ]; then
            printf '%s' "$path"
            return
        fi
    done
    echo "docker-entrypoint: Asterisk's modules are not at $*" >&2
    exit 1
}
modules=${MODULES:-$(first /usr/lib/*/asterisk/modules /usr/lib/asterisk/modules)}

set -- --instance "$instance" --modules "$modules" --data "${DATA:-/usr/share/asterisk}"
for name in SIP_BIND SIP_PORT IAX_BIND IAX_PORT AMI_BIND AMI_PORT AMI_PERMIT AMI_USER ARI_BIND \
    ARI_PORT ARI_USER RTP_START RTP_END VERBOSE SORCERY_CACHE STORE STORE_POLL; do
    if value=$(printenv "$name"); then
        set -- "$@" "--$(echo "$name" | tr 'A-Z_' 'a-z-')" "$value"
    fi
done
configuration=$(DATABASE=$database AMI_SECRET=$ami_secret ARI_SECRET=$ari_secret \
    python3 "$here/render.py" "$@")

unset AMI_SECRET ARI_SECRET DATABASE
# Where psqlodbc finds PostgreSQL; not there, and not asked for, with SQLite.
export ODBCSYSINI="$instance/odbc" ODBCINI="$instance/odbc/odbc.ini"
exec "${ASTERISK:-asterisk}" -C "$configuration" -f
