"""Routes of a caller's own account."""

from contracts.auth.accounts.commands import (
    ChangeEmail,
    ChangePassword,
    ForgotPassword,
    GetMe,
    RegisterPatient,
    ResendVerification,
    ResetPassword,
    UpdateMe,
    VerifyEmail,
)
from contracts.auth.mfa import ConfirmMfa, EndMfa, RenewRecoveryCodes, StartMfa
from contracts.auth.sessions import EndSession, ListMySessions, ListPublicKeys, LogIn, LogOut, RefreshTokens, VerifyMfa
from contracts.auth.upgrades import ListMyUpgradeRequests, RequestUpgrade, WithdrawUpgrade
from contracts.scheduling.calendar_feed import EndCalendarLink, MakeCalendarLink
from gateway.route import route


class AccountRoutes:
    """Registration, sessions, profile, second factor, role requests, calendar link."""

    register = route("POST", "/api/auth/register", RegisterPatient, status=201)
    verify_email = route("POST", "/api/auth/verify-email", VerifyEmail)
    resend_verification = route("POST", "/api/auth/resend-verification", ResendVerification, status=202)
    forgot_password = route("POST", "/api/auth/forgot-password", ForgotPassword, status=202)
    reset_password = route("POST", "/api/auth/reset-password", ResetPassword)
    log_in = route("POST", "/api/auth/login", LogIn)
    verify_mfa = route("POST", "/api/auth/mfa/verify", VerifyMfa)
    refresh = route("POST", "/api/auth/refresh", RefreshTokens)
    log_out = route("POST", "/api/auth/logout", LogOut)
    public_keys = route("GET", "/.well-known/jwks.json", ListPublicKeys)
    me = route("GET", "/api/users/me", GetMe)
    update_me = route("PATCH", "/api/users/me", UpdateMe)
    change_password = route("POST", "/api/users/me/password", ChangePassword)
    change_email = route("POST", "/api/users/me/email", ChangeEmail, status=202)
    my_sessions = route("GET", "/api/users/me/sessions", ListMySessions)
    end_session = route("DELETE", "/api/users/me/sessions/{session_id}", EndSession)
    start_mfa = route("POST", "/api/users/me/mfa", StartMfa)
    confirm_mfa = route("POST", "/api/users/me/mfa/confirm", ConfirmMfa)
    renew_recovery_codes = route("POST", "/api/users/me/mfa/recovery-codes", RenewRecoveryCodes)
    end_mfa = route("DELETE", "/api/users/me/mfa", EndMfa)
    request_upgrade = route("POST", "/api/users/me/upgrade-requests", RequestUpgrade, status=201)
    my_upgrade_requests = route("GET", "/api/users/me/upgrade-requests", ListMyUpgradeRequests)
    withdraw_upgrade = route("DELETE", "/api/users/me/upgrade-requests/{request_id}", WithdrawUpgrade)
    make_calendar_link = route("POST", "/api/users/me/calendar-link", MakeCalendarLink, status=201)
    end_calendar_link = route("DELETE", "/api/users/me/calendar-link", EndCalendarLink)
