"""Everything that the billing service does."""

from chassis import auditing
from chassis.entrypoints import Service, hears, serves
from contracts import auth, billing, scheduling
from services.billing import checkouts, doctors, invoices, payments, prices, providers, undoing


class BillingService(Service):
    """What it costs: prices, invoices and payments."""

    name = "billing"

    set_price = serves(billing.SetPrice, prices.set_price)
    list_prices = serves(billing.ListPrices, prices.listing)
    list_invoices = serves(billing.ListInvoices, invoices.of_all)
    list_my_invoices = serves(billing.ListMyInvoices, invoices.of_patient)
    list_my_payments = serves(billing.ListMyPayments, payments.of_patient)
    pay_invoice = serves(billing.PayInvoice, payments.prepare, outside=providers.start, then=payments.record)
    get_sandbox_checkout = serves(billing.GetSandboxCheckout, checkouts.get)
    finish_sandbox_checkout = serves(billing.FinishSandboxCheckout, checkouts.finish)
    list_audit = serves(billing.ListAudit, auditing.listing)

    on_doctor_approved = hears(auth.DoctorApproved, doctors.remember)
    on_user_erased = hears(auth.UserErased, doctors.forget)
    on_visit_completed = hears(scheduling.VisitCompleted, invoices.for_visit)
    on_visit_completion_undone = hears(scheduling.VisitCompletionUndone, undoing.undo_visit)
