"""What is said to and by the auth service: who you are."""
