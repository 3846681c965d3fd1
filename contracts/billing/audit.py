"""The audit log of the billing service."""

from contracts.audit import ADMINS, AuditPage, AuditQuery


class ListAudit(AuditQuery, service="billing", roles=ADMINS, returns=AuditPage):
    """Audit entries of the billing service."""
