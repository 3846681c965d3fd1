"""Everything that the OpenAPI document promises, tried by schemathesis against a running hospital."""
