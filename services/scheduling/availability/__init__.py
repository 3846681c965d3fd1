"""Weekly hours, time off and free slots of doctors."""
