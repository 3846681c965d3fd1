"""Notifications: texts for people to read in the app."""
