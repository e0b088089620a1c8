"""
Who may do what in MongoDB: the accounts of the fleet's roles, put in order at every start.

    python accounts.py ADDRESS ROOT_PASSWORD_FILE WATCH_URL_FILE WEB_URL_FILE

`watch` writes; `web` reads all of it and writes only who has an account, who is signed in, what
people saw, and that somebody asked for a test of notices.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pymongo import MongoClient

DATABASES = ("fleet", "fleet_practice", "fleet_trials")
WRITTEN_BY_WEB = (
    *("users", "sessions", "sign_in_tries", "invitations"),
    *("observations", "observation_pictures", "audit_readings", "notice_tests"),
)
READ = ("find", "listCollections", "listIndexes", "collStats", "dbStats")
WRITE = ("insert", "update", "remove", "createIndex")


def privilege(database: str, collection: str, *actions: str) -> dict[str, Any]:
    """What may be done with a collection; all of them, system collections apart, if it is ""."""
    return {"resource": {"db": database, "collection": collection}, "actions": list(actions)}


def roles() -> dict[str, dict[str, Any]]:
    """For each account its role: privileges, and roles that it takes over."""
    watch = [privilege(each, "", "collMod", "validate") for each in DATABASES]
    web = [privilege(each, "", *READ) for each in DATABASES]
    web += [privilege(db, name, *WRITE) for db in DATABASES for name in WRITTEN_BY_WEB]
    writes = [{"role": "readWrite", "db": each} for each in DATABASES]
    return {
        "watch": {"privileges": watch, "roles": writes},
        "web": {"privileges": web, "roles": []},
    }


def main(address: str, root_file: str, *url_files: str) -> None:
    """Make or correct the roles and the accounts."""
    root = Path(root_file).read_text(encoding="utf-8").strip()
    with MongoClient[dict[str, Any]](address, username="root", password=root) as client:
        admin = client["admin"]
        for url_file in url_files:
            url = urlsplit(Path(url_file).read_text(encoding="utf-8").strip())
            name, role = str(url.username), f"fleet-{url.username}"
            has_role = admin.command("rolesInfo", role)["roles"]
            admin.command("updateRole" if has_role else "createRole", role, **roles()[name])
            has_account = admin.command("usersInfo", name)["users"]
            of_account: dict[str, Any] = {
                "pwd": url.password,
                "roles": [{"role": role, "db": "admin"}],
            }
            admin.command("updateUser" if has_account else "createUser", name, **of_account)
            print(f"MongoDB: {name} has the rights of {role}")


if __name__ == "__main__":
    main(*sys.argv[1:])
