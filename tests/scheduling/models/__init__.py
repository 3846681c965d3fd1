"""Tests of scheduling's models."""
