"""List payments."""

from sqlalchemy import select

from chassis.contract import Page
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.listing import page
from contracts.billing.payments import (
    ListMyPayments,
    ListPatientPayments,
    ListPaymentProviders,
    PaymentProvidersView,
    PaymentProviderView,
)
from services.billing.models.payments import Payment
from services.billing.providers import registry


def list_providers(_session: Session, _actor: Actor, _query: ListPaymentProviders) -> PaymentProvidersView:
    """List the configured providers."""
    return PaymentProvidersView(items=[PaymentProviderView(provider=each.NAME) for each in registry.all_offered()])


def list_own(session: Session, actor: Actor, query: ListMyPayments) -> Page:
    """List the patient's own payments, failed payments included, newest first."""
    actor.may_act_for(query.patient_id)
    return _page(session, query)


def list_of_patient(session: Session, _actor: Actor, query: ListPatientPayments) -> Page:
    """List a patient's payments for the desk."""
    return _page(session, query)


def _page(session: Session, query: ListMyPayments | ListPatientPayments) -> Page:
    own = select(Payment).where(Payment.patient_id == query.patient_id)
    return page(session, own, (Payment.created_at, Payment.id), limit=query.limit, cursor=query.cursor, whole=True)
