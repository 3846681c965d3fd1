"""Everything that the billing service does."""

from chassis.execution import audit
from chassis.execution.entrypoints import Service, hears, serves
from contracts.auth.events import DoctorApproved, UserErased
from contracts.billing.audit import ListAudit
from contracts.billing.invoices import ListInvoices, ListMyInvoices
from contracts.billing.payments import FinishSandboxCheckout, GetSandboxCheckout, ListMyPayments, PayInvoice
from contracts.billing.prices import ListPrices, SetPrice
from contracts.scheduling.appointments.events import VisitCompleted, VisitCompletionUndone
from services.billing import directory, invoices, payments, prices, providers, sandbox_checkout, undone_visits


class BillingService(Service):
    """What it costs: prices, invoices and payments."""

    name = "billing"

    set_price = serves(SetPrice, prices.set_price)
    list_prices = serves(ListPrices, prices.listing)
    list_invoices = serves(ListInvoices, invoices.of_all)
    list_my_invoices = serves(ListMyInvoices, invoices.of_patient)
    list_my_payments = serves(ListMyPayments, payments.of_patient)
    pay_invoice = serves(PayInvoice, payments.prepare, outside=providers.start, then=payments.record)
    get_sandbox_checkout = serves(GetSandboxCheckout, sandbox_checkout.get)
    finish_sandbox_checkout = serves(FinishSandboxCheckout, sandbox_checkout.finish)
    list_audit = serves(ListAudit, audit.listing)

    on_doctor_approved = hears(DoctorApproved, directory.remember)
    on_user_erased = hears(UserErased, directory.forget)
    on_visit_completed = hears(VisitCompleted, invoices.for_visit)
    on_visit_completion_undone = hears(VisitCompletionUndone, undone_visits.undo_visit)
