"""Tests of notify's models."""
