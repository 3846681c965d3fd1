"""Uploads and downloads of files: forms, checks of the content, names, and the routes."""
