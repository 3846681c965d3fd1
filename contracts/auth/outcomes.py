"""The short reply of commands that return no record."""

from enum import StrEnum

from chassis.contract import View


class Outcome(StrEnum):
    """The result of a command."""

    ACTIVE = "active"
    DISABLED = "disabled"
    ERASED = "erased"
    INVITED = "invited"
    MAIL_SENT = "mail_sent"
    MAIL_SENT_IF_KNOWN = "mail_sent_if_known"
    MFA_DISABLED = "mfa_disabled"
    NOTED = "noted"
    PASSWORD_SET = "password_set"  # noqa: S105  an outcome, no secret
    SIGNED_OUT = "signed_out"


class StatusView(View):
    """The result of a command."""

    status: Outcome
