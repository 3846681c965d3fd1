"""Journeys: whole workflows over HTTP, embedded and on real servers."""
