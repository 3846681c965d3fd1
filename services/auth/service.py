"""The table of everything the auth service does."""

from chassis.execution import audit
from chassis.execution.entrypoints import Service, every, hears, serves
from contracts.auth.accounts.administration import (
    AssignRoles,
    EraseUser,
    GetUser,
    InvitePatient,
    ListDoctorAccounts,
    ListStaff,
    ListUsers,
    NoteRefusal,
    ResetMfa,
    UpdateUser,
)
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
from contracts.auth.audit import ListAudit
from contracts.auth.events import MailAsked
from contracts.auth.mfa import ConfirmMfa, EndMfa, RenewRecoveryCodes, StartMfa
from contracts.auth.sessions import (
    EndSession,
    ListMySessions,
    ListPublicKeys,
    ListRevokedSessions,
    LogIn,
    LogOut,
    RefreshTokens,
    VerifyMfa,
)
from contracts.auth.upgrades import (
    DecideUpgrade,
    ListMyUpgradeRequests,
    ListUpgradeRequests,
    RequestUpgrade,
    WithdrawUpgrade,
)
from contracts.clinical.patients import PatientRegistered, PatientUpdated
from contracts.scheduling.appointments.events import OpenAppointmentChanged
from services.auth import grants, mail_tokens, passwords, upgrades
from services.auth.accounts import administration, credentials, erasure, invitations
from services.auth.accounts import commands as accounts
from services.auth.directory import open_appointments, patients
from services.auth.mfa import enrolment
from services.auth.sessions import commands as sessions
from services.auth.sessions import keys, logins

MINUTE, HOUR = 60.0, 3600.0


class AuthService(Service):
    """Accounts, roles, sessions and requests for roles."""

    name = "auth"

    register_patient = serves(RegisterPatient, accounts.prepare, outside=passwords.hash_new, then=accounts.register)
    verify_email = serves(VerifyEmail, accounts.verify)
    resend_verification = serves(ResendVerification, mail_tokens.request_verification)
    forgot_password = serves(ForgotPassword, mail_tokens.request_reset)
    reset_password = serves(
        ResetPassword, credentials.prepare_reset, outside=passwords.hash_reset, then=credentials.reset
    )
    change_password = serves(
        ChangePassword,
        credentials.prepare_change,
        outside=passwords.hash_changed,
        then=credentials.change_password,
    )
    change_email = serves(ChangeEmail, logins.own_candidate, outside=passwords.matches, then=credentials.change_email)
    update_me = serves(UpdateMe, accounts.update_me)
    invite_patient = serves(InvitePatient, invitations.invite)
    log_in = serves(LogIn, logins.find_candidate, outside=passwords.matches, then=logins.log_in)
    verify_mfa = serves(VerifyMfa, logins.verify_code)
    refresh_tokens = serves(RefreshTokens, sessions.refresh)
    log_out = serves(LogOut, sessions.log_out)
    list_public_keys = serves(ListPublicKeys, keys.published)
    get_me = serves(GetMe, accounts.get_own)
    request_upgrade = serves(RequestUpgrade, upgrades.request)
    list_my_upgrade_requests = serves(ListMyUpgradeRequests, upgrades.list_own)
    list_upgrade_requests = serves(ListUpgradeRequests, upgrades.listing)
    decide_upgrade = serves(DecideUpgrade, upgrades.decide)
    withdraw_upgrade = serves(WithdrawUpgrade, upgrades.withdraw)

    list_users = serves(ListUsers, administration.listing)
    list_staff = serves(ListStaff, administration.list_staff)
    list_doctor_accounts = serves(ListDoctorAccounts, administration.list_doctors)
    get_user = serves(GetUser, administration.get)
    update_user = serves(UpdateUser, administration.update)
    assign_roles = serves(AssignRoles, administration.assign_roles)
    reset_mfa = serves(ResetMfa, administration.reset_mfa)
    erase_user = serves(EraseUser, erasure.erase)

    start_mfa = serves(StartMfa, logins.own_candidate, outside=passwords.matches, then=enrolment.start)
    confirm_mfa = serves(ConfirmMfa, enrolment.confirm)
    renew_recovery_codes = serves(
        RenewRecoveryCodes, logins.own_candidate, outside=passwords.matches, then=enrolment.renew_codes
    )
    end_mfa = serves(EndMfa, logins.own_candidate, outside=passwords.matches, then=enrolment.end)
    list_my_sessions = serves(ListMySessions, sessions.list_own)
    end_session = serves(EndSession, sessions.end_own)
    list_revoked_sessions = serves(ListRevokedSessions, sessions.list_revoked)
    list_audit = serves(ListAudit, audit.listing)
    note_refusal = serves(NoteRefusal, sessions.note_refusal)

    on_open_appointment_changed = hears(OpenAppointmentChanged, open_appointments.upsert)
    delete_closed_visits = every(HOUR, open_appointments.delete_closed)

    on_patient_registered = hears(PatientRegistered, patients.upsert)
    on_patient_updated = hears(PatientUpdated, patients.upsert)
    publish_non_patients = every(HOUR, patients.publish_non_patients)
    publish_admins = every(HOUR, grants.publish_admins)
    on_mail_asked = hears(MailAsked, mail_tokens.send_requested)
    empty_sent_secrets = every(MINUTE, mail_tokens.empty_sent_events)
    delete_old_failures = every(HOUR, logins.delete_old)
    delete_expired_tokens = every(HOUR, sessions.delete_expired)
