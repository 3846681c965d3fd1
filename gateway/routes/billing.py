"""Routes of billing for staff and admins."""

from contracts.audit import ADMINS
from contracts.billing.cash_drawer import CloseCashDrawer, GetCashDrawer, ListCashClosings
from contracts.billing.corrections import DiscountInvoice, VoidInvoice, WriteOffInvoice
from contracts.billing.held_charges import ListHeldCharges
from contracts.billing.invoices import ListInvoices, ListPatientInvoices
from contracts.billing.odd_payments import ListOddPayments, SettleOddPayment
from contracts.billing.papers import PrintInvoice
from contracts.billing.pay_links import MakePayLink
from contracts.billing.payments import ListPatientPayments, ListPaymentProviders, TakePayment
from contracts.billing.prices import ChangePrice, ListPrices, SetPrice
from contracts.billing.reconciliation import ListReconciliations
from contracts.billing.refunds import DecideRefund, ListRefunds, RequestRefund
from contracts.roles import Role
from gateway.papers import paper
from gateway.route import route

RECEPTIONIST = frozenset({Role.RECEPTIONIST})
INVOICE = "/api/admin/invoices/{invoice_id}"
PATIENT = "/api/staff/patients/{patient_id}"


class BillingRoutes:
    """Prices, invoices, payments and refunds."""

    invoices_of_all = route("GET", "/api/admin/invoices", ListInvoices)
    void_invoice = route("POST", f"{INVOICE}/void", VoidInvoice)
    discount_invoice = route("POST", f"{INVOICE}/discount", DiscountInvoice)
    write_off_invoice = route("POST", f"{INVOICE}/write-off", WriteOffInvoice)
    invoice_paper = paper("/api/staff/invoices/{invoice_id}.pdf", PrintInvoice)
    make_pay_link = route("POST", "/api/staff/invoices/{invoice_id}/pay-link", MakePayLink, status=201)
    prices = route("GET", "/api/admin/prices", ListPrices)
    set_price = route("POST", "/api/admin/prices", SetPrice, status=201)
    odd_payments = route("GET", "/api/admin/odd-payments", ListOddPayments)
    settle_odd_payment = route("POST", "/api/admin/odd-payments/{odd_payment_id}/settle", SettleOddPayment)
    reconciliations = route("GET", "/api/admin/reconciliation", ListReconciliations)
    payment_providers = route("GET", "/api/payment-providers", ListPaymentProviders)
    change_price = route("PATCH", "/api/admin/prices/{code}", ChangePrice)
    held_charges = route("GET", "/api/admin/held-charges", ListHeldCharges)
    refunds = route("GET", "/api/admin/refunds", ListRefunds, roles=ADMINS)
    refunds_at_desk = route("GET", "/api/staff/refunds", ListRefunds, roles=RECEPTIONIST)
    request_refund = route("POST", "/api/staff/refunds", RequestRefund, status=201)
    decide_refund = route("POST", "/api/admin/refunds/{refund_id}/decide", DecideRefund)
    invoices_of_patient = route("GET", f"{PATIENT}/invoices", ListPatientInvoices)
    payments_of_patient = route("GET", f"{PATIENT}/payments", ListPatientPayments)
    take_payment = route("POST", "/api/staff/payments", TakePayment, status=201)
    cash_drawer = route("GET", "/api/staff/cash-drawer", GetCashDrawer)
    close_cash_drawer = route("POST", "/api/staff/cash-drawer", CloseCashDrawer, status=201)
    cash_closings = route("GET", "/api/admin/cash-closings", ListCashClosings)
