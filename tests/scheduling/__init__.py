"""When: doctors' calendars and appointments."""
