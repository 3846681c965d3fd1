"""Tests of the schedule of observations."""
