"""The Strawberry schema, its limits and errors, and the HTTP endpoint."""
