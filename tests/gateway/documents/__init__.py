"""Tests of gateway's documents."""
