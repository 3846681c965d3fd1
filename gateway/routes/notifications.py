"""Routes of notifications."""

from contracts.notify.notifications import ListNotifications, ReadNotification
from gateway.route import route


class NotificationRoutes:
    """The caller's notifications."""

    notifications = route("GET", "/api/notifications", ListNotifications, me="person_id")
    read_notification = route("POST", "/api/notifications/{notification_id}/read", ReadNotification, me="person_id")
