"""The audit of scheduling."""

from contracts.audit import ADMINS, AuditPage, AuditQuery


class ListAudit(AuditQuery, service="scheduling", roles=ADMINS, returns=AuditPage):
    """What was done in scheduling."""
