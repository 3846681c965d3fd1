"""Signing in, staying signed in, signing out."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from marshmallow import validate

from chassis.contract import ANYONE, Command, PageQuery, Query, View, page_of
from chassis.errors import Unauthenticated
from chassis.refusals import BUSY, Refusal
from contracts.auth.fields import CODE, LOGGING_IN, TOKEN
from contracts.auth.outcomes import StatusView
from contracts.auth.refusals import LOCKED
from contracts.roles import ANY_ROLE, Role
from contracts.texts import EmailText
from records.fields import Facts, Secret

LOGIN_FAILED = Refusal(
    Unauthenticated,
    "login_failed",
    "The address or the password is wrong.",
    "The address or the password is wrong, which of them is not said; or the code of the second factor.",
)
MFA_TOKEN_NOT_VALID = Refusal(
    Unauthenticated,
    "mfa_token_not_valid",
    "The sign-in took too long, or is done: begin again.",
    "The second step of signing in came too late, was done already, or does not belong to a first one: begin again.",
)
REFRESH_FAILED = Refusal(
    Unauthenticated,
    "refresh_failed",
    "Sign in again.",
    "The refresh token is unknown, was used, or has ended: sign in again.",
)


SOMETIMES = Facts(sometimes=True)


class UserView(View):
    """The person who has signed in."""

    id: UUID
    email: EmailText
    name: str
    roles: list[Role]


class TokensView(View):
    """A signed-in session. `expires_in` is the access token's life in seconds.

    With `mfa_setup_required` a role of the person requires a second factor that is still to be set up: until then only
    that, and reading one's own account, is allowed.
    """

    access_token: str
    refresh_token: str
    expires_in: int
    token_type: str
    mfa_setup_required: bool
    user: UserView


class SecondStepView(View):
    """What the second step of signing in is done with, within `expires_in` seconds."""

    mfa_token: str
    expires_in: int


class SignInView(View):
    """A signed-in session; or, where a second factor is set up, `mfa_token` for the second step.

    `expires_in` is the life of what was given, in seconds.
    """

    one_of = (TokensView, SecondStepView)
    mfa_token: Annotated[str, SOMETIMES]
    expires_in: int
    access_token: Annotated[str, SOMETIMES]
    refresh_token: Annotated[str, SOMETIMES]
    token_type: Annotated[str, SOMETIMES]
    mfa_setup_required: Annotated[bool, SOMETIMES]
    user: Annotated[UserView, SOMETIMES]


class SessionView(View):
    """A device that is signed in. `current` is the one that asks."""

    id: UUID
    device: str
    address: str
    created_at: datetime
    last_used_at: datetime
    current: bool


class LogIn(
    Command,
    service="auth",
    roles=ANYONE,
    returns=SignInView,
    keyed=False,
    line=LOGGING_IN,
    refuses=(
        LOGIN_FAILED,
        LOCKED,
        BUSY,
    ),
):
    """Sign in. A wrong password and an unknown address are answered alike."""

    email: Annotated[str, validate.Length(1, 254)]
    password: Annotated[str, validate.Length(1, 128), Secret]


class VerifyMfa(
    Command,
    service="auth",
    roles=ANYONE,
    returns=TokensView,
    keyed=False,
    refuses=(
        LOGIN_FAILED,
        MFA_TOKEN_NOT_VALID,
        LOCKED,
    ),
):
    """The second step of signing in: the code that the app shows, or a recovery code, each of which works once."""

    mfa_token: Annotated[str, TOKEN, Secret]
    code: Annotated[str, CODE, Secret]


class RefreshTokens(Command, service="auth", roles=ANYONE, returns=TokensView, keyed=False, refuses=(REFRESH_FAILED,)):
    """Exchange a refresh token for new tokens; it works once, and gets the same reply again for 10 seconds.

    A used token that comes later ends the session.
    """

    refresh_token: Annotated[str, TOKEN, Secret]


class LogOut(Command, service="auth", roles=ANY_ROLE, returns=StatusView, keyed=False, enrolling=True):
    """End this session, or with `all` every one.

    It is done each time: what it ends is told by who asks and when, not by the body, so no reply is kept under a key.
    """

    all: bool = False


class ListMySessions(PageQuery, service="auth", roles=ANY_ROLE, returns=page_of(SessionView)):
    """The devices on which one is signed in, newest first."""


class EndSession(Command, service="auth", roles=ANY_ROLE, returns=StatusView):
    """Sign one of one's own devices out."""

    session_id: Annotated[UUID, "The session of the device."]


class KeyView(View):
    """A public key, as a JSON Web Key (RFC 8037)."""

    kty: Annotated[str, Facts(example="OKP")]
    crv: Annotated[str, Facts(example="Ed25519")]
    x: Annotated[str, Facts(example="11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")]
    kid: Annotated[str, Facts(example="01919c5e-0000-7000-8000-0000000000a1")]
    alg: Annotated[str, Facts(example="EdDSA")]
    use: Annotated[str, Facts(example="sig")]


class KeysView(View):
    """A JSON Web Key Set."""

    keys: list[KeyView]


class ListPublicKeys(Query, service="auth", roles=ANYONE, returns=KeysView):
    """The public keys that access tokens are verified with (RFC 7517)."""


class RevokedView(View):
    """Ended sessions: `{"items": [{"session_id", "ends_at"}]}`."""

    items: Any


class ListRevokedSessions(Query, service="auth", roles=ANYONE, returns=RevokedView, routine=True):
    """The ended sessions whose access tokens may not have ended yet: all, or those that ended after `since`.

    A starting gateway asks for all of them, and then each second for the newest, lest an event come late.
    """

    since: Annotated[datetime, "Those that ended later than this; none is all."] | None = None
