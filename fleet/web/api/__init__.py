"""The data as JSON, CSV, Parquet and feeds."""
