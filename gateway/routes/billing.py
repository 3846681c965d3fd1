"""Routes of billing for staff and admins."""

from contracts.billing.invoices import ListInvoices
from contracts.billing.prices import ListPrices, SetPrice
from contracts.billing.refunds import ListRefunds
from gateway.route import route


class BillingRoutes:
    """Prices, invoices, payments and refunds."""

    invoices_of_all = route("GET", "/api/admin/invoices", ListInvoices)
    prices = route("GET", "/api/admin/prices", ListPrices)
    set_price = route("POST", "/api/admin/prices", SetPrice, status=201)
    refunds = route("GET", "/api/admin/refunds", ListRefunds)
