"""Sessions of a person on several devices."""

from uuid import UUID

import jwt

from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.auth.sessions import TokensView
from services.auth.models.accounts import Account
from services.auth.sessions import commands as sessions
from tests.auth.factories import acting
from tests.calls import called


def begun(session: Session, account: Account, device: str = "") -> Actor:
    """A person with a new session, at any time of the clock."""
    with called(session, device=device, address="192.0.2.7"):
        tokens = sessions.start(session, account)
    return acting(account, session_id=session_of(tokens))


def session_of(tokens: TokensView) -> UUID:
    """The session in an access token, even if expired."""
    return UUID(jwt.decode(tokens.access_token, options={"verify_signature": False})["sid"])
