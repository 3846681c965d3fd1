"""Tests of notify's directory."""
