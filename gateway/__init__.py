"""The gateway: HTTP in, RPC out. It knows routes, tokens and roles; it does not look at fields."""
