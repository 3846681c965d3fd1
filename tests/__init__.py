"""The tests of Matron, one folder per service and layer."""
