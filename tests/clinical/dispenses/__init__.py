"""Tests of clinical's dispenses."""
