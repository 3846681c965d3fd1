"""Money that fits no open payment."""
