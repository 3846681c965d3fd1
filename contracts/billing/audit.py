"""The audit of billing."""

from contracts.audit import ADMINS, AuditPage, AuditQuery


class ListAudit(AuditQuery, service="billing", roles=ADMINS, returns=AuditPage):
    """What was done in billing."""
