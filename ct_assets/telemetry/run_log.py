"""JsonLines writes the log of runs as JSON, one object in a line.

A `dagster.yaml` names it as a handler of `python_logs`.
"""

import logging
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TextIO

import orjson

_META = "dagster_meta"
"""Where Dagster puts run, job and step into a record."""


class JsonLines(logging.StreamHandler[TextIO]):
    """To standard output; Dagster's own lines go to standard error."""

    def __init__(self) -> None:
        super().__init__(sys.stdout)
        self.setFormatter(JsonFormatter())


class JsonFormatter(logging.Formatter):
    """Leaves out tracebacks and the events of Dagster: texts of errors may quote rows."""

    def format(self, record: logging.LogRecord) -> str:
        meta: Mapping[str, Any] = getattr(record, _META, {})
        event = getattr(record, "dagster_event", None) or meta.get("dagster_event")
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "run": meta.get("run_id"),
            "job": meta.get("job_name"),
            "step": meta.get("step_key"),
            "event": getattr(event, "event_type_value", None),
            "message": meta.get("orig_message") or record.getMessage(),
        }
        known = {name: value for name, value in line.items() if value is not None}
        return orjson.dumps(known).decode()
