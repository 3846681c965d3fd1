"""Auth: accounts, roles, sessions, verification and requests for roles."""
