"""Routes of what one should know."""

from contracts import notify
from gateway.route import route


class NotificationRoutes:
    """One's own notifications."""

    notifications = route("GET", "/api/notifications", notify.ListNotifications, me="person_id")
    read_notification = route(
        "POST", "/api/notifications/{notification_id}/read", notify.ReadNotification, me="person_id"
    )
