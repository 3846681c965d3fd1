"""The audit of clinical."""

from contracts.audit import ADMINS, AuditPage, AuditQuery


class ListAudit(AuditQuery, service="clinical", roles=ADMINS, returns=AuditPage):
    """What was done in clinical."""
