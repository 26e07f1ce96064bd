"""Reads Delta and Iceberg tables, of this machine or in a bucket, as of one version of each."""
