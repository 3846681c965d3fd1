"""Short answers: what a command has done, where there is nothing else to show."""

from enum import StrEnum

from chassis.contract import View


class Outcome(StrEnum):
    """What a command of auth has done."""

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
    """How a thing stands now."""

    status: Outcome
