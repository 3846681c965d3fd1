"""Tests of notify's notifications."""
