"""Attachments: files in the charts of patients."""
