"""What a field means: one module a domain; they call loaders, ask the policy, and return rows."""
