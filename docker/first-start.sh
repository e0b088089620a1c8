#!/bin/sh
# The passwords of this installation: made once, kept in volumes; there is no default. None is
# shown, and no command asks for one. Each role reads its own volume only; MongoDB's administrator
# is `root`, with the password in the volume secret-root.
set -eu
umask 022

password() { python -c 'import secrets; print(secrets.token_hex(24))'; }

if [ ! -s /secrets/root/password ]; then
    password > /secrets/root/password.part && mv /secrets/root/password.part /secrets/root/password
    echo "first start: MongoDB's administrator 'root' has a password in the volume secret-root"
fi
for role in watch web; do
    file=/secrets/$role/mongodb-url
    if [ ! -s "$file" ]; then
        echo "mongodb://$role:$(password)@mongo:27017/?authSource=admin" > "$file.part" && mv "$file.part" "$file"
        echo "first start: an account of MongoDB for '$role' was made"
    fi
done
