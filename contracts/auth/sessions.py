"""Signing in, staying signed in, signing out."""

from marshmallow import fields, validate

from chassis.contract import ANYONE, Command, PageQuery, Query, View, page_of
from contracts.auth.common import CODE, LOGGING_IN, TOKEN, StatusView, some_roles
from contracts.moments import Moment
from contracts.roles import ANY_ROLE

SOMETIMES = {"sometimes": True}


class UserView(View):
    """The person who has signed in."""

    id = fields.UUID()
    email = fields.Email()
    name = fields.String()
    roles = some_roles()


class TokensView(View):
    """A signed-in session. `expires_in` is the access token's life in seconds.

    With `mfa_setup_required` a role of the person requires a second factor that is still to be set up: until then only
    that, and reading one's own account, is allowed.
    """

    access_token = fields.String()
    refresh_token = fields.String()
    expires_in = fields.Integer()
    token_type = fields.String()
    mfa_setup_required = fields.Boolean()
    user = fields.Nested(UserView)


class SecondStepView(View):
    """What the second step of signing in is done with, within `expires_in` seconds."""

    mfa_token = fields.String()
    expires_in = fields.Integer()


class SignInView(View):
    """A signed-in session; or, where a second factor is set up, `mfa_token` for the second step.

    `expires_in` is the life of what was given, in seconds.
    """

    one_of = (TokensView, SecondStepView)
    mfa_token = fields.String(metadata=SOMETIMES)
    expires_in = fields.Integer()
    access_token = fields.String(metadata=SOMETIMES)
    refresh_token = fields.String(metadata=SOMETIMES)
    token_type = fields.String(metadata=SOMETIMES)
    mfa_setup_required = fields.Boolean(metadata=SOMETIMES)
    user = fields.Nested(UserView, metadata=SOMETIMES)


class SessionView(View):
    """A device that is signed in. `current` is the one that asks."""

    id = fields.UUID()
    device = fields.String()
    address = fields.String()
    created_at = fields.AwareDateTime()
    last_used_at = fields.AwareDateTime()
    current = fields.Boolean()


class LogIn(Command):
    """Sign in. A wrong password and an unknown address are answered alike.

    Unauthenticated: `login_failed`. TooMany: `locked`, for 15 minutes after ten failures in 15 minutes. Unavailable:
    `busy`.
    """

    service, roles, returns, keyed = "auth", ANYONE, SignInView, False
    line = LOGGING_IN
    email = fields.String(required=True, validate=validate.Length(1, 254))
    password = fields.String(required=True, load_only=True, validate=validate.Length(1, 128))


class VerifyMfa(Command):
    """The second step of signing in: the code that the app shows, or a recovery code, each of which works once.

    Unauthenticated: `login_failed` (a wrong code), `mfa_token_not_valid` (unknown, used or ended). TooMany: `locked`.
    """

    service, roles, returns, keyed = "auth", ANYONE, TokensView, False
    mfa_token = fields.String(required=True, load_only=True, validate=TOKEN)
    code = fields.String(required=True, load_only=True, validate=CODE)


class RefreshTokens(Command):
    """Exchange a refresh token for new tokens; it works once, and gets the same reply again for 10 seconds.

    Unauthenticated: `refresh_failed`. A used token that comes later ends the session.
    """

    service, roles, returns, keyed = "auth", ANYONE, TokensView, False
    refresh_token = fields.String(required=True, load_only=True, validate=TOKEN)


class LogOut(Command):
    """End this session, or with `all` every one.

    It is done each time: what it ends is told by who asks and when, not by the body, so no reply is kept under a key.
    """

    service, roles, returns, keyed, enrolling = "auth", ANY_ROLE, StatusView, False, True
    all = fields.Boolean(load_default=False)


class ListMySessions(PageQuery):
    """The devices on which one is signed in, newest first."""

    service, roles, returns = "auth", ANY_ROLE, page_of(SessionView)


class EndSession(Command):
    """Sign one of one's own devices out.

    NotFound: `not_found`.
    """

    service, roles, returns = "auth", ANY_ROLE, StatusView
    session_id = fields.UUID(required=True, metadata={"description": "The session of the device."})


class KeyView(View):
    """A public key, as a JSON Web Key (RFC 8037)."""

    kty = fields.String(metadata={"example": "OKP"})
    crv = fields.String(metadata={"example": "Ed25519"})
    x = fields.String(metadata={"example": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})
    kid = fields.String(metadata={"example": "01919c5e-0000-7000-8000-0000000000a1"})
    alg = fields.String(metadata={"example": "EdDSA"})
    use = fields.String(metadata={"example": "sig"})


class ListPublicKeys(Query):
    """The public keys that access tokens are verified with (RFC 7517)."""

    class KeysView(View):
        """A JSON Web Key Set."""

        keys = fields.List(fields.Nested(KeyView))

    service, roles, returns = "auth", ANYONE, KeysView


class ListRevokedSessions(Query):
    """The ended sessions whose access tokens may not have ended yet: all, or those that ended after `since`.

    A starting gateway asks for all of them, and then each second for the newest, lest an event come late.
    """

    class RevokedView(View):
        """Ended sessions: `{"items": [{"session_id", "ends_at"}]}`."""

        items = fields.Raw()

    service, roles, returns, routine = "auth", ANYONE, RevokedView, True
    since = Moment(load_default=None, metadata={"description": "Those that ended later than this; none is all."})
