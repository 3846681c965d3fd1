"""The audit log of the auth service."""

from contracts.audit import ADMINS, AuditPage, AuditQuery


class ListAudit(AuditQuery, service="auth", roles=ADMINS, returns=AuditPage):
    """Audit entries of the auth service."""
