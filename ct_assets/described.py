"""Models whose fields are described by the texts below them."""

import ast
import functools
import inspect
import itertools
import textwrap
from collections.abc import Mapping

from pydantic import BaseModel, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema


class Described(BaseModel):
    """Its JSON schema has the docstring below a field as the field's description.

    As with pydantic's `use_attribute_docstrings`, which reads the source of every model whenever
    it is imported; this does so when a schema is asked for.
    """

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        schema = handler(core_schema)
        properties = handler.resolve_ref_schema(schema).get("properties", {})
        for base in cls.__mro__:
            if issubclass(base, Described):
                for name, text in _docstrings(base).items():
                    properties.get(name, {}).setdefault("description", text)
        return schema


@functools.cache
def _docstrings(model: type) -> Mapping[str, str]:
    source = ast.parse(textwrap.dedent(inspect.getsource(model)))
    body = next(node.body for node in source.body if isinstance(node, ast.ClassDef))
    found = {}
    for field, below in itertools.pairwise(body):
        match field, below:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                found[name] = " ".join(text.split())
    return found
