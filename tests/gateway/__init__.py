"""HTTP in, RPC out: what clients may send, who may call what, and what they are told."""
