"""Tests of auth's mfa."""
