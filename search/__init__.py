"""Elasticsearch: documents, index lifecycle, queries; and the bounded stand-in on PostgreSQL."""
