"""Routes of anyone's own account."""

from contracts import auth, scheduling
from gateway.route import route


class AccountRoutes:
    """Registering, signing in and out, one's own profile, devices, second factor, requests for roles, calendar."""

    register = route("POST", "/api/auth/register", auth.RegisterPatient, status=201)
    verify_email = route("POST", "/api/auth/verify-email", auth.VerifyEmail)
    resend_verification = route("POST", "/api/auth/resend-verification", auth.ResendVerification, status=202)
    forgot_password = route("POST", "/api/auth/forgot-password", auth.ForgotPassword, status=202)
    reset_password = route("POST", "/api/auth/reset-password", auth.ResetPassword)
    log_in = route("POST", "/api/auth/login", auth.LogIn)
    verify_mfa = route("POST", "/api/auth/mfa/verify", auth.VerifyMfa)
    refresh = route("POST", "/api/auth/refresh", auth.RefreshTokens)
    log_out = route("POST", "/api/auth/logout", auth.LogOut)
    public_keys = route("GET", "/.well-known/jwks.json", auth.ListPublicKeys)
    me = route("GET", "/api/users/me", auth.GetMe)
    update_me = route("PATCH", "/api/users/me", auth.UpdateMe)
    change_password = route("POST", "/api/users/me/password", auth.ChangePassword)
    change_email = route("POST", "/api/users/me/email", auth.ChangeEmail, status=202)
    my_sessions = route("GET", "/api/users/me/sessions", auth.ListMySessions)
    end_session = route("DELETE", "/api/users/me/sessions/{session_id}", auth.EndSession)
    start_mfa = route("POST", "/api/users/me/mfa", auth.StartMfa)
    confirm_mfa = route("POST", "/api/users/me/mfa/confirm", auth.ConfirmMfa)
    renew_recovery_codes = route("POST", "/api/users/me/mfa/recovery-codes", auth.RenewRecoveryCodes)
    end_mfa = route("DELETE", "/api/users/me/mfa", auth.EndMfa)
    request_upgrade = route("POST", "/api/users/me/upgrade-requests", auth.RequestUpgrade, status=201)
    my_upgrade_requests = route("GET", "/api/users/me/upgrade-requests", auth.ListMyUpgradeRequests)
    withdraw_upgrade = route("DELETE", "/api/users/me/upgrade-requests/{request_id}", auth.WithdrawUpgrade)
    make_calendar_link = route("POST", "/api/users/me/calendar-link", scheduling.MakeCalendarLink, status=201)
    end_calendar_link = route("DELETE", "/api/users/me/calendar-link", scheduling.EndCalendarLink)
