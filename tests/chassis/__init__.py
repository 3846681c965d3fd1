"""What every service stands on, module by module."""
