"""Everything that the auth service does."""

from chassis.entrypoints import Service, every, serves
from contracts import auth
from services.auth import accounts, keys, passwords, sessions, upgrades

HOUR = 3600.0


class AuthService(Service):
    """Who you are: accounts, roles, sessions, requests for roles."""

    name = "auth"

    register_patient = serves(
        auth.RegisterPatient, accounts.prepare, outside=passwords.hash_new, then=accounts.register
    )
    verify_email = serves(auth.VerifyEmail, accounts.verify)
    log_in = serves(auth.LogIn, sessions.find, outside=passwords.matches, then=sessions.log_in)
    refresh_tokens = serves(auth.RefreshTokens, sessions.refresh)
    log_out = serves(auth.LogOut, sessions.log_out)
    list_public_keys = serves(auth.ListPublicKeys, keys.published)
    get_me = serves(auth.GetMe, accounts.me)
    request_upgrade = serves(auth.RequestUpgrade, upgrades.request)
    list_my_upgrade_requests = serves(auth.ListMyUpgradeRequests, upgrades.own)
    list_upgrade_requests = serves(auth.ListUpgradeRequests, upgrades.listing)
    decide_upgrade = serves(auth.DecideUpgrade, upgrades.decide)

    forget = every(HOUR, sessions.forget)
