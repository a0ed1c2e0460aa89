"""PostgreSQL: tables, indexes, migrations and every statement; the only package that knows SQL."""
