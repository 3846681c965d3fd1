"""Tests of the `matron` command."""
