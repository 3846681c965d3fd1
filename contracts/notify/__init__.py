"""The contracts of notify: notifications."""
