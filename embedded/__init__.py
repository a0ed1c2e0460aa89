"""Real PostgreSQL, Valkey and Elasticsearch for the demo and for tests, started and stopped with their parent."""
