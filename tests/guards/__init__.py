"""The rules of the house that a program can check. Each says its reason when it is broken."""
