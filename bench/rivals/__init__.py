"""Rivals without Matron's chassis: plain nameko, and FastAPI without a broker."""
