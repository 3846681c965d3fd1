"""How events leave a service and reach it."""
