"""Pure rules of the schedule of observations."""

from datetime import timedelta

OVERDUE_AFTER = timedelta(minutes=15)
"""How late observations are before a nurse gets a task."""
LISTED_FOR = timedelta(hours=24)
"""How long after the due time a patient is listed. Matron does not know who has left the hospital."""
