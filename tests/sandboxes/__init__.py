"""Local servers that speak the wire forms of the payment providers. No money moves."""
