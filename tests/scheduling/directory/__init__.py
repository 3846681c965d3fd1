"""Tests of scheduling's directory."""
