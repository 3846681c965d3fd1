"""Routes of anyone's own account."""

from contracts import auth
from gateway.route import route


class AccountRoutes:
    """Registering, signing in, one's own profile and requests for roles."""

    register = route("POST", "/api/auth/register", auth.RegisterPatient, status=201)
    verify_email = route("POST", "/api/auth/verify-email", auth.VerifyEmail)
    log_in = route("POST", "/api/auth/login", auth.LogIn)
    refresh = route("POST", "/api/auth/refresh", auth.RefreshTokens)
    log_out = route("POST", "/api/auth/logout", auth.LogOut)
    public_keys = route("GET", "/.well-known/jwks.json", auth.ListPublicKeys)
    me = route("GET", "/api/users/me", auth.GetMe)
    request_upgrade = route("POST", "/api/users/me/upgrade-requests", auth.RequestUpgrade, status=201)
    my_upgrade_requests = route("GET", "/api/users/me/upgrade-requests", auth.ListMyUpgradeRequests)
