"""Routes of admins."""

from contracts import auth, billing, clinical
from contracts.audit import ListAuditTrail
from gateway.audit import trail
from gateway.route import composed, route


class AdminRoutes:
    """Accounts, roles, prices, and who did what."""

    users = route("GET", "/api/admin/users", auth.ListUsers)
    user = route("GET", "/api/admin/users/{user_id}", auth.GetUser)
    update_user = route("PATCH", "/api/admin/users/{user_id}", auth.UpdateUser)
    assign_roles = route("PUT", "/api/admin/users/{user_id}/roles", auth.AssignRoles)
    reset_mfa = route("DELETE", "/api/admin/users/{user_id}/mfa", auth.ResetMfa)
    erase_user = route("DELETE", "/api/admin/delete-user/{user_id}", auth.EraseUser)
    audit = composed("GET", "/api/admin/audit", ListAuditTrail, trail)
    upgrade_requests = route("GET", "/api/admin/upgrade-requests", auth.ListUpgradeRequests)
    approve_upgrade = route("POST", "/api/admin/approve-upgrade", auth.DecideUpgrade)
    patients = route("GET", "/api/admin/patients", clinical.SearchPatients)
    prices = route("GET", "/api/admin/prices", billing.ListPrices)
    set_price = route("POST", "/api/admin/prices", billing.SetPrice, status=201)
