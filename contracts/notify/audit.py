"""The audit of notify."""

from contracts.audit import ADMINS, AuditPage, AuditQuery


class ListAudit(AuditQuery, service="notify", roles=ADMINS, returns=AuditPage):
    """What was done in notify."""
