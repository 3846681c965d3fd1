"""The audit log of the clinical service."""

from contracts.audit import ADMINS, AuditPage, AuditQuery


class ListAudit(AuditQuery, service="clinical", roles=ADMINS, returns=AuditPage):
    """Audit entries of the clinical service."""
