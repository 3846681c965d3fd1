"""Everything that the auth service does."""

from chassis import auditing
from chassis.entrypoints import Service, every, hears, serves
from contracts import auth, clinical, scheduling
from services.auth import (
    accounts,
    administration,
    credentials,
    enrolment,
    erasure,
    invitations,
    keys,
    logins,
    mailed,
    passwords,
    patients,
    sessions,
    upgrades,
    visits,
)

MINUTE, HOUR = 60.0, 3600.0


class AuthService(Service):
    """Who you are: accounts, roles, sessions, requests for roles."""

    name = "auth"

    register_patient = serves(
        auth.RegisterPatient, accounts.prepare, outside=passwords.hash_new, then=accounts.register
    )
    verify_email = serves(auth.VerifyEmail, accounts.verify)
    resend_verification = serves(auth.ResendVerification, mailed.ask_verification)
    forgot_password = serves(auth.ForgotPassword, mailed.ask_reset)
    reset_password = serves(
        auth.ResetPassword, credentials.prepare_reset, outside=passwords.hash_reset, then=credentials.reset
    )
    change_password = serves(
        auth.ChangePassword,
        credentials.prepare_change,
        outside=passwords.hash_changed,
        then=credentials.change_password,
    )
    change_email = serves(auth.ChangeEmail, logins.own, outside=passwords.matches, then=credentials.change_email)
    update_me = serves(auth.UpdateMe, accounts.update_me)
    invite_patient = serves(auth.InvitePatient, invitations.invite)
    log_in = serves(auth.LogIn, logins.find, outside=passwords.matches, then=logins.log_in)
    verify_mfa = serves(auth.VerifyMfa, logins.give_code)
    refresh_tokens = serves(auth.RefreshTokens, sessions.refresh)
    log_out = serves(auth.LogOut, sessions.log_out)
    list_public_keys = serves(auth.ListPublicKeys, keys.published)
    get_me = serves(auth.GetMe, accounts.me)
    request_upgrade = serves(auth.RequestUpgrade, upgrades.request)
    list_my_upgrade_requests = serves(auth.ListMyUpgradeRequests, upgrades.own)
    list_upgrade_requests = serves(auth.ListUpgradeRequests, upgrades.listing)
    decide_upgrade = serves(auth.DecideUpgrade, upgrades.decide)
    withdraw_upgrade = serves(auth.WithdrawUpgrade, upgrades.withdraw)

    list_users = serves(auth.ListUsers, administration.listing)
    list_staff = serves(auth.ListStaff, administration.of_staff)
    list_doctor_accounts = serves(auth.ListDoctorAccounts, administration.of_doctors)
    get_user = serves(auth.GetUser, administration.get)
    update_user = serves(auth.UpdateUser, administration.update)
    assign_roles = serves(auth.AssignRoles, administration.assign_roles)
    reset_mfa = serves(auth.ResetMfa, administration.reset_mfa)
    erase_user = serves(auth.EraseUser, erasure.erase)

    start_mfa = serves(auth.StartMfa, logins.own, outside=passwords.matches, then=enrolment.start)
    confirm_mfa = serves(auth.ConfirmMfa, enrolment.confirm)
    renew_recovery_codes = serves(
        auth.RenewRecoveryCodes, logins.own, outside=passwords.matches, then=enrolment.renew_codes
    )
    end_mfa = serves(auth.EndMfa, logins.own, outside=passwords.matches, then=enrolment.end)
    list_my_sessions = serves(auth.ListMySessions, sessions.own)
    end_session = serves(auth.EndSession, sessions.end_own)
    list_revoked_sessions = serves(auth.ListRevokedSessions, sessions.revoked)
    list_audit = serves(auth.ListAudit, auditing.listing)
    note_refusal = serves(auth.NoteRefusal, sessions.note_refusal)

    on_appointment_requested = hears(scheduling.AppointmentRequested, visits.note)
    on_appointment_booked = hears(scheduling.AppointmentBooked, visits.note)
    on_appointment_rescheduled = hears(scheduling.AppointmentRescheduled, visits.note)
    on_appointment_displaced = hears(scheduling.AppointmentDisplaced, visits.note)
    on_appointment_rejected = hears(scheduling.AppointmentRejected, visits.note)
    on_appointment_cancelled = hears(scheduling.AppointmentCancelled, visits.note)
    on_appointment_expired = hears(scheduling.AppointmentExpired, visits.note)
    on_appointment_missed = hears(scheduling.AppointmentMissed, visits.note)
    on_patient_arrived = hears(scheduling.PatientArrived, visits.note)
    on_visit_started = hears(scheduling.VisitStarted, visits.note)
    on_visit_completed = hears(scheduling.VisitCompleted, visits.note)
    on_visit_completion_undone = hears(scheduling.VisitCompletionUndone, visits.note)
    forget_visits = every(HOUR, visits.forget)

    on_patient_registered = hears(clinical.PatientRegistered, patients.remember)
    on_patient_updated = hears(clinical.PatientUpdated, patients.remember)
    say_who_is_no_patient = every(HOUR, patients.say_who_is_none)
    on_mail_asked = hears(auth.MailAsked, mailed.send_asked)
    forget_secrets = every(MINUTE, mailed.forget)
    forget_failures = every(HOUR, logins.forget)
    forget_tokens = every(HOUR, sessions.forget)
