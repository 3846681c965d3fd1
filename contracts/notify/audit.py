"""The audit log of the notify service."""

from contracts.audit import ADMINS, AuditPage, AuditQuery


class ListAudit(AuditQuery, service="notify", roles=ADMINS, returns=AuditPage):
    """Audit entries of the notify service."""
