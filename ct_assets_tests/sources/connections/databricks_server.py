"""Answers on loopback as a SQL warehouse of Databricks does, by Thrift, to queries it knows."""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from typing import Any

import pyarrow as pa

# Without types.
TCLIService: Any = import_module("databricks.sql.thrift_api.TCLIService.TCLIService")
ttypes: Any = import_module("databricks.sql.thrift_api.TCLIService.ttypes")
TBinaryProtocol: Any = import_module("thrift.protocol.TBinaryProtocol").TBinaryProtocol
TMemoryBuffer: Any = import_module("thrift.transport.TTransport").TMemoryBuffer

TOKEN = "canary-token"
_DONE = ttypes.TStatus(statusCode=ttypes.TStatusCode.SUCCESS_STATUS)
_ANY = ttypes.TTypeEntry(primitiveEntry=ttypes.TPrimitiveTypeEntry(type=ttypes.TTypeId.STRING_TYPE))


@dataclass
class DatabricksServer:
    port: int = 0
    answers: dict[str, Any] = field(default_factory=dict)
    """Tables of Arrow, by a part of the query; the batches of one come one by one."""
    errors: dict[str, str] = field(default_factory=dict)
    queries: list[str] = field(default_factory=list)
    sessions: list[Any] = field(default_factory=list)
    left: dict[bytes, tuple[Any, list[Any]]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        uri = f"http://127.0.0.1:{self.port}/sql/1.0/warehouses/abc"
        return (
            f"databricks://token:{TOKEN}@localhost/main/shop?http_path=/sql&_connection_uri={uri}"
        )

    def OpenSession(self, request: Any) -> Any:  # noqa: N802 - Thrift's names
        self.sessions.append(request)
        return ttypes.TOpenSessionResp(
            status=_DONE,
            serverProtocolVersion=ttypes.TProtocolVersion.SPARK_CLI_SERVICE_PROTOCOL_V7,
            sessionHandle=ttypes.TSessionHandle(sessionId=_handle(0)),
            initialNamespace=request.initialNamespace,
            canUseMultipleCatalogs=True,
        )

    def ExecuteStatement(self, request: Any) -> Any:  # noqa: N802
        query = request.statement
        self.queries.append(query)
        handle = ttypes.TOperationHandle(
            operationId=_handle(len(self.queries)),
            operationType=ttypes.TOperationType.EXECUTE_STATEMENT,
            hasResultSet=True,
        )
        for part, message in self.errors.items():
            if part in query:
                failed = ttypes.TStatus(
                    statusCode=ttypes.TStatusCode.ERROR_STATUS, errorMessage=message
                )
                return ttypes.TExecuteStatementResp(status=failed, operationHandle=handle)
        table = next(answer for part, answer in self.answers.items() if part in query)
        self.left[handle.operationId.guid] = (table.schema, table.to_batches())
        direct = ttypes.TSparkDirectResults(
            operationStatus=ttypes.TGetOperationStatusResp(
                status=_DONE, operationState=ttypes.TOperationState.FINISHED_STATE
            ),
            resultSetMetadata=_metadata(table.schema),
            resultSet=self.FetchResults(ttypes.TFetchResultsReq(operationHandle=handle)),
        )
        return ttypes.TExecuteStatementResp(
            status=_DONE, operationHandle=handle, directResults=direct
        )

    def FetchResults(self, request: Any) -> Any:  # noqa: N802
        schema, batches = self.left[request.operationHandle.operationId.guid]
        sent = [batches.pop(0)] if batches else []
        arrow = [
            ttypes.TSparkArrowBatch(batch=batch.serialize().to_pybytes(), rowCount=batch.num_rows)
            for batch in sent
        ]
        return ttypes.TFetchResultsResp(
            status=_DONE,
            hasMoreRows=bool(batches),
            results=ttypes.TRowSet(startRowOffset=0, rows=[], arrowBatches=arrow),
            resultSetMetadata=_metadata(schema),
        )

    def CloseOperation(self, _: Any) -> Any:  # noqa: N802
        return ttypes.TCloseOperationResp(status=_DONE)

    def CloseSession(self, _: Any) -> Any:  # noqa: N802
        return ttypes.TCloseSessionResp(status=_DONE)


def _handle(number: int) -> Any:
    return ttypes.THandleIdentifier(guid=number.to_bytes(16, "big"), secret=b"0" * 16)


def _metadata(schema: Any) -> Any:
    columns = [
        ttypes.TColumnDesc(
            columnName=each.name, typeDesc=ttypes.TTypeDesc(types=[_ANY]), position=at + 1
        )
        for at, each in enumerate(schema)
    ]
    return ttypes.TGetResultSetMetadataResp(
        status=_DONE,
        schema=ttypes.TTableSchema(columns=columns),
        resultFormat=ttypes.TSparkRowSetType.ARROW_BASED_SET,
        lz4Compressed=False,
        arrowSchema=schema.serialize().to_pybytes(),
    )


def described(**columns: str) -> Any:
    """As `describe query` answers."""
    return pa.table({"col_name": list(columns), "data_type": list(columns.values())})


@contextlib.contextmanager
def databricks_server() -> Iterator[DatabricksServer]:
    known = DatabricksServer()
    processor = TCLIService.Processor(known)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            asked = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            given = TMemoryBuffer()
            accepted = self.headers.get("Authorization") == f"Bearer {TOKEN}"
            if accepted:
                processor.process(TBinaryProtocol(TMemoryBuffer(asked)), TBinaryProtocol(given))
            self.send_response(200 if accepted else 403)
            self.send_header("Content-Length", str(len(given.getvalue())))
            self.end_headers()
            self.wfile.write(given.getvalue())

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        known.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield known
        finally:
            server.shutdown()
            thread.join()
