"""Accounts made from the command line, with the auth service's own use cases."""

from chassis.config import Config
from chassis.database import Database
from chassis.execution import add_events
from chassis.identity import Actor
from contracts.auth import RegisterPatient
from services.auth import accounts, passwords


def create_admin(config: Config, email: str, name: str, password: str) -> None:
    """An active account with the role admin. Invalid: what registering would refuse. Conflict: `email_taken`."""
    fields = RegisterPatient.read({"email": email, "name": name, "password": password})
    passwords.check_strength(password, (email, name))
    actor, password_hash = Actor.system(request_id="matron-admin-create"), passwords.hash_now(password)
    database = Database(config.database_url("auth"))
    with database.begin() as session:
        accounts.create_admin(session, actor, email=fields["email"], password_hash=password_hash, name=fields["name"])
        add_events(session, actor)
    database.close()
