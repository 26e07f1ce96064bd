"""DocumentedModel describes each setting of a model by the text below it, in its JSON schema."""

import ast
import functools
import inspect
import itertools
import textwrap
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler
from pydantic_core import CoreSchema


class DocumentedModel(BaseModel):
    """A frozen model of settings, none of them unknown.

    Whoever imports it pays for no more than its names: its validator is built when it is first
    used, and its source is read when its schema is asked for. Pydantic's `use_attribute_docstrings`
    reads it on import, which took longer than all else that a class needs.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        schema = handler(core_schema)
        properties = handler.resolve_ref_schema(schema).get("properties", {})
        for name, text in described(cls).items():
            setting = properties.get(cls.model_fields[name].alias or name)
            if setting is not None:
                setting.setdefault("description", text)
        return schema


def described(model: type[BaseModel]) -> Mapping[str, str]:
    """The texts below the settings of a model, by their names; those of its bases, too."""
    texts: dict[str, str] = {}
    for each in reversed(model.__mro__):
        if issubclass(each, BaseModel) and each is not BaseModel:
            texts = {n: t for n, t in texts.items() if n not in inspect.get_annotations(each)}
            texts |= _below(each)
    return {name: text for name, text in texts.items() if name in model.model_fields}


@functools.cache
def _below(model: type[BaseModel]) -> Mapping[str, str]:
    tree = ast.parse(textwrap.dedent(inspect.getsource(model))).body[0]
    lines = tree.body if isinstance(tree, ast.ClassDef) else []
    texts = {}
    for setting, below in itertools.pairwise(lines):
        match setting, below:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                texts[name] = inspect.cleandoc(text)
    return texts
