"""Request the mails that events of auth and billing ask for."""

from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.auth.events import CredentialsChanged, MailTokenIssued
from contracts.billing.pay_links import PayLinkIssued
from services.notify.deliveries.commands import Mail, request_mail
from services.notify.models.deliveries import MailTemplate
from services.notify.notifications.commands import notify


def on_mail_token_issued(session: Session, actor: Actor, event: MailTokenIssued) -> None:
    """Mail a secret link to the address in the event, because the contact may arrive later.

    The purpose of the link names the template: `verify`, `reset` or `invite`.
    """
    content = {"token": event.token, "expires_at": event.expires_at.isoformat()}
    request_mail(session, actor, Mail(event.user_id, event.email, MailTemplate(event.purpose), content))


def on_pay_link_issued(session: Session, actor: Actor, event: PayLinkIssued) -> None:
    """Mail a link to pay to the patient's address in the event."""
    content = {"token": event.token, "expires_at": event.expires_at.isoformat()}
    request_mail(session, actor, Mail(event.patient_id, event.email, MailTemplate.PAY_LINK, content))


def on_credentials_changed(session: Session, actor: Actor, event: CredentialsChanged) -> None:
    """Notify the owner in the app and by mail. The mail goes to the address from before the change."""
    notify(session, actor, event, "user_id")
    content = {"what": event.what, "at": session.call.heard.occurred_at.isoformat()}
    request_mail(session, actor, Mail(event.user_id, event.email, MailTemplate.CREDENTIALS_CHANGED, content))
