"""Tests: Attachments."""
