"""What one would write without Matron's chassis: with nameko alone, and with FastAPI without a broker."""
