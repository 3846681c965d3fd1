"""Tests of links to pay."""
