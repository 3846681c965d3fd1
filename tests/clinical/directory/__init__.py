"""Tests of clinical's copies of other services' facts."""
