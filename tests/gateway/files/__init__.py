"""Tests: Uploads and downloads."""
