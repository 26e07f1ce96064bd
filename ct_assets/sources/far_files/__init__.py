"""Reads files of S3, Google Cloud and Azure: fetches them, and reads them as files of here."""
