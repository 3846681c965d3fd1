"""Create accounts from the command line, by use cases of the auth service."""

import os
from pathlib import Path

from chassis.call import Call
from chassis.config import ConfigError
from chassis.execution.run import add_events
from chassis.identity import SYSTEM
from contracts.auth.accounts.commands import RegisterPatient
from matron import checks, environment
from matron.installation import FOLDER, Installation
from services.auth import passwords
from services.auth.accounts import commands as accounts


def database_url(data: Path | None) -> str:
    """The database of auth: in the given folder, else at `AUTH_DATABASE_URL`, else in the folder `var`."""
    if data is None and os.environ.get("AUTH_DATABASE_URL"):
        return environment.load(services=("auth",), needs=()).database_url("auth")
    if data is None and not (FOLDER / "auth.db").exists():
        raise ConfigError(f"AUTH_DATABASE_URL is missing, and there is no {FOLDER}/auth.db of `matron run`")
    return Installation(None, data or FOLDER).database_url("auth")


def create_admin(url: str, email: str, name: str, password: str) -> None:
    """Create an active account with the role admin. Invalid: as for registration. Conflict: `email_taken`."""
    fields = RegisterPatient.read({"email": email, "name": name, "password": password})
    passwords.check_strength(password, (email, name))
    call, password_hash = Call(request_id="matron-admin-create"), passwords.hash_now(password)
    with checks.opened("auth", url) as database, database.begin(call) as session:
        accounts.create_admin(session, SYSTEM, email=fields.email, password_hash=password_hash, name=fields.name)
        add_events(session)
