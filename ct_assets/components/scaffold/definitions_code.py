"""DefinitionsCode is edited here so that a project's definitions load its syncs, too."""

import ast
from collections.abc import Iterator

NEW = """\
from pathlib import Path

import ct_assets

defs = ct_assets.definitions(Path(__file__).parent)
"""
HERE = "Path(__file__).parent"
LOADERS = ("load_from_defs_folder", "load_defs")
IMPORTS = {"Path": "from pathlib import Path", "ct_assets": "import ct_assets"}


def loading_syncs(code: str) -> str | None:
    """The code so that it loads syncs; as it is if it does; None where no line of it can be meant.

    Raises:
        SyntaxError: It is no Python.
    """
    tree = ast.parse(code)
    if any(isinstance(node, ast.Attribute) and _is_ours(node) for node in ast.walk(tree)):
        return code
    edited = _folder_loaded(code, tree) or _returned(code, tree) or _assigned(code, tree)
    return edited and _imported(edited)


def _is_ours(node: ast.Attribute) -> bool:
    owner = node.value
    return isinstance(owner, ast.Name) and (owner.id, node.attr) == ("ct_assets", "definitions")


def _folder_loaded(code: str, tree: ast.Module) -> str | None:
    """As `create-dagster` writes it: our loader in place of Dagster's, which it calls."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _last_name(node.func) in LOADERS:
            given = [*node.args, *(keyword.value for keyword in node.keywords)]
            folder = ast.get_source_segment(code, given[0]) if given else None
            if folder is None or "__file__" not in folder:
                folder = HERE
            return _without_import(_replaced(code, node, f"ct_assets.definitions({folder})"))
    return None


def _returned(code: str, tree: ast.Module) -> str | None:
    """A function that gives definitions, by its one `return`."""
    for function in tree.body:
        if not isinstance(function, ast.FunctionDef) or not _gives_definitions(function):
            continue
        returns = [node for node in ast.walk(function) if isinstance(node, ast.Return)]
        value = returns[0].value if len(returns) == 1 else None
        if value is not None:
            given = ast.get_source_segment(code, value)
            return _replaced(code, value, f"ct_assets.definitions({HERE}, {given})")
    return None


def _gives_definitions(function: ast.FunctionDef) -> bool:
    return any(_last_name(decorator) == "definitions" for decorator in function.decorator_list)


def _assigned(code: str, tree: ast.Module) -> str | None:
    """A variable of the module, which takes the syncs in at the end."""
    names = [name for statement in tree.body for name in _definitions_in(statement)]
    if not names:
        return None
    return f"{code.rstrip()}\n{names[-1]} = ct_assets.definitions({HERE}, {names[-1]})\n"


def _definitions_in(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.Assign):
        targets, value = statement.targets, statement.value
    elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
        targets, value = [statement.target], statement.value
    else:
        return
    made = _last_name(value.func) if isinstance(value, ast.Call) else None
    for target in targets:
        if isinstance(target, ast.Name) and (target.id == "defs" or made == "Definitions"):
            yield target.id


def _last_name(node: ast.expr) -> str | None:
    if isinstance(node, ast.Call):
        return _last_name(node.func)
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else None


def _without_import(code: str) -> str:
    """Without an import that is left over, which a linter would complain of."""
    tree = ast.parse(code)
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and any(a.name in LOADERS for a in node.names):
            kept = [a for a in node.names if a.name not in LOADERS or (a.asname or a.name) in used]
            names = ", ".join(f"{a.name} as {a.asname}" if a.asname else a.name for a in kept)
            if kept:
                return _replaced(code, node, f"from {node.module} import {names}")
            rows = code.splitlines(keepends=True)
            return "".join([*rows[: node.lineno - 1], *rows[node.end_lineno :]])
    return code


def _imported(code: str) -> str:
    """With the imports that it needs, behind its own."""
    tree = ast.parse(code)
    imports = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    bound = {alias.asname or alias.name for node in imports for alias in node.names}
    lines = [line for name, line in IMPORTS.items() if name not in bound]
    added = "".join(f"{line}\n" for line in lines)
    has_text = ast.get_docstring(tree, clean=False) is not None
    before = imports[-1:] or (tree.body[:1] if has_text else [])
    place = (before[0].end_lineno or 0) if before else 0
    rows = code.splitlines(keepends=True)
    if not imports:
        added = f"\n{added}\n" if has_text else f"{added}\n"
    return "".join([*rows[:place], added, *rows[place:]])


def _replaced(code: str, node: ast.expr | ast.stmt, text: str) -> str:
    """Places of nodes are counted in bytes."""
    lines = code.encode().splitlines(keepends=True)
    start = sum(map(len, lines[: node.lineno - 1])) + node.col_offset
    last = node.end_lineno or node.lineno
    end = sum(map(len, lines[: last - 1])) + (node.end_col_offset or 0)
    data = b"".join(lines)
    return (data[:start] + text.encode() + data[end:]).decode()
