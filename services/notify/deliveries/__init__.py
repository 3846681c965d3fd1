"""Deliveries: outgoing mails, from the event that requests a mail to the mail server."""
