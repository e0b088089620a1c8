#!/bin/sh
# The passwords of this installation: made once, kept in volumes, never shown. There is no default.
# Each role reads its own volume only. To change one, remove its file and start again.
set -eu
umask 022

password() { python -c 'import secrets; print(secrets.token_hex(24))'; }

if [ ! -s /secrets/root/password ]; then
    password > /secrets/root/password.part && mv /secrets/root/password.part /secrets/root/password
    echo "first start: a password for MongoDB's administrator was made"
fi
for role in watch web; do
    file=/secrets/$role/mongodb-url
    if [ ! -s "$file" ]; then
        echo "mongodb://$role:$(password)@mongo:27017/?authSource=admin" > "$file.part" && mv "$file.part" "$file"
        echo "first start: an account of MongoDB for '$role' was made"
    fi
done
