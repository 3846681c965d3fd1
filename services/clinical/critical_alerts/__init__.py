"""Alerts of critical laboratory results, and their ladder."""
