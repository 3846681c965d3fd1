"""The table of everything that the billing service does."""

from chassis.execution import audit
from chassis.execution.entrypoints import Service, every, hears, serves
from contracts.auth.events import DoctorApproved, UserErased, UserRegistered, UserUpdated
from contracts.billing.audit import ListAudit
from contracts.billing.cash_drawer import CloseCashDrawer, GetCashDrawer, ListCashClosings
from contracts.billing.corrections import DiscountInvoice, VoidInvoice, WriteOffInvoice
from contracts.billing.held_charges import ListHeldCharges
from contracts.billing.invoices import GetMyInvoice, ListInvoices, ListMyInvoices, ListPatientInvoices
from contracts.billing.odd_payments import ListOddPayments, SettleOddPayment
from contracts.billing.papers import PrintInvoice, PrintMyInvoice
from contracts.billing.pay_links import GetPayPage, MakePayLink, PayByLink
from contracts.billing.payments import (
    FinishSandboxCheckout,
    GetSandboxCheckout,
    ListMyPayments,
    ListPatientPayments,
    ListPaymentProviders,
    PayInvoice,
    TakePayment,
)
from contracts.billing.prices import ChangePrice, ListPrices, SetPrice
from contracts.billing.reconciliation import ListReconciliations
from contracts.billing.refunds import DecideRefund, ListRefunds, RequestRefund
from contracts.billing.statements import GetMyStatement, PrintMyStatement
from contracts.billing.webhooks import ReceiveWebhook
from contracts.clinical.dispenses import MedicineDispensed
from contracts.clinical.labs.events import LabTestsPerformed
from contracts.clinical.patients import PatientIdentityChanged
from contracts.scheduling.appointments.events import VisitCompleted, VisitCompletionUndone, VisitStarted
from services.billing import cash_drawer, directory, held_charges, webhooks
from services.billing.corrections import commands as corrections
from services.billing.invoices import dispenses as dispense_handlers
from services.billing.invoices import handlers as invoice_handlers
from services.billing.invoices import lab_tests
from services.billing.invoices import queries as invoices
from services.billing.invoices import timers as invoice_timers
from services.billing.odd_payments import commands as odd_payment_commands
from services.billing.odd_payments import queries as odd_payments
from services.billing.papers import queries as papers
from services.billing.pay_links import commands as pay_links
from services.billing.payments import commands as payment_commands
from services.billing.payments import desk, sandbox_checkout
from services.billing.payments import queries as payments
from services.billing.payments import timers as payment_timers
from services.billing.prices import commands as price_commands
from services.billing.prices import queries as prices
from services.billing.providers import registry
from services.billing.reconciliation import queries as reconciliations
from services.billing.reconciliation import timers as reconciliation_timers
from services.billing.refunds import commands as refund_commands
from services.billing.refunds import queries as refunds
from services.billing.refunds import timers as refund_timers
from services.billing.statements import queries as statements


class BillingService(Service):
    """Prices, invoices and payments."""

    name = "billing"

    set_price = serves(SetPrice, price_commands.set_price)
    change_price = serves(ChangePrice, price_commands.change_price)
    list_prices = serves(ListPrices, prices.list_prices)
    list_invoices = serves(ListInvoices, invoices.list_all)
    void_invoice = serves(VoidInvoice, corrections.void)
    discount_invoice = serves(DiscountInvoice, corrections.discount)
    write_off_invoice = serves(WriteOffInvoice, corrections.write_off)
    list_held_charges = serves(ListHeldCharges, held_charges.list_all)
    list_my_invoices = serves(ListMyInvoices, invoices.list_own)
    get_my_invoice = serves(GetMyInvoice, invoices.get_own)
    print_my_invoice = serves(PrintMyInvoice, papers.prepare_own, outside=papers.render_own, then=papers.finish_own)
    print_invoice = serves(PrintInvoice, papers.prepare, outside=papers.render, then=papers.finish)
    get_my_statement = serves(GetMyStatement, statements.get_own)
    print_my_statement = serves(PrintMyStatement, statements.prepare, outside=statements.render, then=statements.finish)
    list_patient_invoices = serves(ListPatientInvoices, invoices.list_of_patient)
    list_patient_payments = serves(ListPatientPayments, payments.list_of_patient)
    take_payment = serves(TakePayment, desk.take)
    get_cash_drawer = serves(GetCashDrawer, cash_drawer.get)
    close_cash_drawer = serves(CloseCashDrawer, cash_drawer.close)
    list_cash_closings = serves(ListCashClosings, cash_drawer.list_closings)
    list_my_payments = serves(ListMyPayments, payments.list_own)
    pay_invoice = serves(
        PayInvoice, payment_commands.prepare_payment, outside=registry.start, then=payment_commands.record_checkout
    )
    make_pay_link = serves(MakePayLink, pay_links.make)
    get_pay_page = serves(GetPayPage, pay_links.get_page)
    pay_by_link = serves(PayByLink, pay_links.prepare, outside=registry.start, then=payment_commands.record_checkout)
    empty_sent_links = every(60.0, pay_links.empty_sent_events)
    get_sandbox_checkout = serves(GetSandboxCheckout, sandbox_checkout.get_checkout)
    finish_sandbox_checkout = serves(FinishSandboxCheckout, sandbox_checkout.finish_checkout)
    list_refunds = serves(ListRefunds, refunds.list_all)
    list_payment_providers = serves(ListPaymentProviders, payments.list_providers)
    receive_webhook = serves(ReceiveWebhook, webhooks.read, outside=webhooks.look_up, then=webhooks.apply)
    list_odd_payments = serves(ListOddPayments, odd_payments.list_all)
    settle_odd_payment = serves(
        SettleOddPayment,
        odd_payment_commands.prepare,
        outside=odd_payment_commands.pay_back,
        then=odd_payment_commands.settle,
    )
    look_up_payments = every(
        payment_timers.PACE, payment_timers.due, outside=payment_timers.look_up, then=payment_timers.settle
    )
    list_reconciliations = serves(ListReconciliations, reconciliations.list_all)
    reconcile = every(
        reconciliation_timers.PACE,
        reconciliation_timers.due,
        outside=reconciliation_timers.read_lists,
        then=reconciliation_timers.compare,
    )
    request_refund = serves(RequestRefund, refund_commands.request)
    decide_refund = serves(
        DecideRefund, refund_commands.decide, outside=refund_commands.pay_back, then=refund_commands.record_answer
    )
    look_up_refunds = every(
        refund_timers.PACE,
        refund_timers.plan_refund_looks,
        outside=refund_timers.ask_providers,
        then=refund_timers.record_answers,
    )
    remind_of_invoices = every(invoice_timers.PACE, invoice_timers.remind)
    issue_gathered_charges = every(invoice_timers.PACE, invoice_timers.issue_gathered)
    list_audit = serves(ListAudit, audit.listing)

    on_doctor_approved = hears(DoctorApproved, directory.on_doctor_approved)
    on_user_registered = hears(UserRegistered, directory.on_user_registered)
    on_user_updated = hears(UserUpdated, directory.on_user_updated)
    on_patient_identity_changed = hears(PatientIdentityChanged, directory.on_patient_identity_changed)
    on_user_erased = hears(UserErased, directory.on_user_erased)
    on_visit_started = hears(VisitStarted, invoice_handlers.on_visit_started)
    on_visit_completed = hears(VisitCompleted, invoice_handlers.on_visit_completed)
    on_visit_completion_undone = hears(VisitCompletionUndone, invoice_handlers.on_visit_completion_undone)
    on_lab_tests_performed = hears(LabTestsPerformed, lab_tests.on_lab_tests_performed)
    on_medicine_dispensed = hears(MedicineDispensed, dispense_handlers.on_medicine_dispensed)
