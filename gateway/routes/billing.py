"""Routes of billing for staff and admins."""

from contracts.billing.corrections import DiscountInvoice, VoidInvoice, WriteOffInvoice
from contracts.billing.held_charges import ListHeldCharges
from contracts.billing.invoices import ListInvoices
from contracts.billing.odd_payments import ListOddPayments, SettleOddPayment
from contracts.billing.papers import PrintInvoice
from contracts.billing.pay_links import MakePayLink
from contracts.billing.payments import ListPaymentProviders
from contracts.billing.prices import ChangePrice, ListPrices, SetPrice
from contracts.billing.reconciliation import ListReconciliations
from contracts.billing.refunds import DecideRefund, ListRefunds, RequestRefund
from gateway.papers import paper
from gateway.route import route

INVOICE = "/api/admin/invoices/{invoice_id}"


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
    refunds = route("GET", "/api/admin/refunds", ListRefunds)
    request_refund = route("POST", "/api/staff/refunds", RequestRefund, status=201)
    decide_refund = route("POST", "/api/admin/refunds/{refund_id}/decide", DecideRefund)
