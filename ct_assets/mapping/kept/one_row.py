"""OneRow tells whether an expression computes with the values of its own row alone."""

import json

import polars as pl

_SIMPLE = ("Alias", "BinaryExpr", "Cast", "Ternary")
_FUNCTIONS = ("IsIn", "Binary", "Round", "Not", "IsNull", "IsNotNull")
"""Those of SQL that polars says nothing of before it knows the types of their columns."""


def is_of_one_row(expression: pl.Expr, schema: pl.Schema) -> bool:
    """False where it is not known; the expression is over the columns of `schema`."""
    parts = expression.meta.pop(schema=schema)
    if not parts:
        return expression.meta.is_literal() or expression.meta.is_column()
    return _is_separable(expression) and all(is_of_one_row(part, schema) for part in parts)


def _is_separable(expression: pl.Expr) -> bool:
    try:
        return expression.meta.is_row_separable()
    except pl.exceptions.ColumnNotFoundError:
        ((kind, node),) = json.loads(expression.meta.serialize(format="json")).items()
    return kind in _SIMPLE or (kind == "Function" and _name(node["function"]) in _FUNCTIONS)


def _name(function: object) -> object:
    """The innermost name: functions are nested as `{"Sql": {"Binary": "Rem"}}` is."""
    if not isinstance(function, dict):
        return function
    ((family, name),) = function.items()
    return _name(name) if family in ("Sql", "Boolean") else family
