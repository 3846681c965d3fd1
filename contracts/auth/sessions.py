"""Sessions: login, refresh, logout."""

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
    "The address, the password or the code of the second factor is wrong. The reply does not tell which.",
)
MFA_TOKEN_NOT_VALID = Refusal(
    Unauthenticated,
    "mfa_token_not_valid",
    "The login took too long, or is already complete. Start again.",
    "The second step of the login came too late, was already done, or has no first step. Start again.",
)
REFRESH_FAILED = Refusal(
    Unauthenticated,
    "refresh_failed",
    "Sign in again.",
    "The refresh token is unknown, used or expired. Log in again.",
)


SOMETIMES = Facts(sometimes=True)


class UserView(View):
    """The person who logged in."""

    id: UUID
    email: EmailText
    name: str
    roles: list[Role]


class TokensView(View):
    """The tokens of a session. `expires_in` is the lifetime of the access token in seconds.

    `mfa_setup_required` is true when a role of the person requires a second factor that is not set up. Until it is, the
    person may only set it up and read their own account.
    """

    access_token: str
    refresh_token: str
    expires_in: int
    token_type: str
    mfa_setup_required: bool
    user: UserView


class SecondStepView(View):
    """The token for the second step of the login, valid for `expires_in` seconds."""

    mfa_token: str
    expires_in: int


class SignInView(View):
    """The tokens of a session, or `mfa_token` for the second step when the account has a second factor.

    `expires_in` is the lifetime of the access token or of `mfa_token`, in seconds.
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
    """A session on a device. `current` is true for the session of the caller."""

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
    """Log in. A wrong password and an unknown address give the same reply."""

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
    """Complete the login with a code of the app or a recovery code. Each code works once."""

    mfa_token: Annotated[str, TOKEN, Secret]
    code: Annotated[str, CODE, Secret]


class RefreshTokens(Command, service="auth", roles=ANYONE, returns=TokensView, keyed=False, refuses=(REFRESH_FAILED,)):
    """Exchange a refresh token for new tokens. A token works once; a retry within 10 seconds gets the same reply.

    A used token that comes later ends the session, because it may be stolen.
    """

    refresh_token: Annotated[str, TOKEN, Secret]


class LogOut(Command, service="auth", roles=ANY_ROLE, returns=StatusView, keyed=False, enrolling=True):
    """End the session of the caller, or with `all` every session of the caller.

    An `Idempotency-Key` has no effect: each request ends the sessions of its moment.
    """

    all: bool = False


class ListMySessions(PageQuery, service="auth", roles=ANY_ROLE, returns=page_of(SessionView)):
    """List the sessions of the caller, newest first."""


class EndSession(Command, service="auth", roles=ANY_ROLE, returns=StatusView):
    """End a session of the caller."""

    session_id: Annotated[UUID, "The session."]


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
    """List the public keys that verify access tokens (RFC 7517)."""


class RevokedView(View):
    """Ended sessions: `{"items": [{"session_id", "ends_at"}]}`."""

    items: Any


class ListRevokedSessions(Query, service="auth", roles=ANYONE, returns=RevokedView, routine=True):
    """List ended sessions whose access tokens may still be unexpired: all, or those that ended after `since`.

    A gateway asks for all at its start, then each second for the newest, because an event may be late.
    """

    since: Annotated[datetime, "Only sessions that ended after this time. Without it: all."] | None = None
