"""Tests of the gateway's documents."""
