"""The audit of auth."""

from contracts.audit import ADMINS, AuditPage, AuditQuery


class ListAudit(AuditQuery, service="auth", roles=ADMINS, returns=AuditPage):
    """What was done in auth."""
