"""The catalogue of clauses: data only, one YAML file a family. ``requirements`` reads it."""
