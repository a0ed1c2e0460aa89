"""The write side: importers of foreign records."""
