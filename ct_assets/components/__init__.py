"""Holds the components that a `defs.yaml` names as its `type`."""

from ct_assets.components.clevertap_sync import ClevertapSync
from ct_assets.components.connection import Connection
from ct_assets.components.source_table import SourceTable

__all__ = ["ClevertapSync", "Connection", "SourceTable"]
