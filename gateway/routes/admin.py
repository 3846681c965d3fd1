"""Routes of admins."""

from contracts import auth, billing
from gateway.route import route


class AdminRoutes:
    """Roles and prices."""

    upgrade_requests = route("GET", "/api/admin/upgrade-requests", auth.ListUpgradeRequests)
    approve_upgrade = route("POST", "/api/admin/approve-upgrade", auth.DecideUpgrade)
    prices = route("GET", "/api/admin/prices", billing.ListPrices)
    set_price = route("POST", "/api/admin/prices", billing.SetPrice, status=201)
