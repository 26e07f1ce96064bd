"""The pages for developers say what is in the repository."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "ct_assets"


def page(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def tree() -> str:
    """Each package with the first line of its docstring, in the order in which folders list."""
    lines = [f"{'ct_assets/':<{WIDTH}}the public API; its own modules are leaves for all packages"]
    for init in sorted(PACKAGE.rglob("*/__init__.py")):
        path = init.parent.relative_to(PACKAGE)
        name = "  " * len(path.parts) + f"{path.name}/"
        lines.append(f"{name:<{WIDTH}}{first_line(init)}")
    return "\n".join(lines)


WIDTH = 23


def first_line(module: Path) -> str:
    docstring = ast.get_docstring(ast.parse(module.read_text("utf-8"))) or ""
    return docstring.split("\n")[0]


def test_the_tree_is_that_of_the_packages() -> None:
    shown = re.search(r"<!-- tree -->\n```\n(.*?)\n```", page("ARCHITECTURE.md"), re.DOTALL)

    assert shown
    assert shown[1] == tree()


def test_paths_of_modules_in_the_pages_exist() -> None:
    pages = ("ARCHITECTURE.md", "CONTRIBUTING.md", "README.md")
    paths = {path for name in pages for path in re.findall(r"`([\w/]+\.(?:py|toml))`", page(name))}
    missing = {p for p in paths if not any((at / p).exists() for at in (ROOT, PACKAGE))}

    assert paths
    assert missing == set()


def test_no_docstring_begins_with_what() -> None:
    """Of functions, classes and attributes as little as of modules."""
    wrong = [
        f"{module.relative_to(PACKAGE)}:{node.lineno}"
        for module in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(module.read_text("utf-8")))
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and str(node.value.value).lower().startswith("what ")
    ]

    assert wrong == []


def test_the_name_of_a_module_stands_once() -> None:
    names = [module.stem for module in PACKAGE.rglob("*.py") if module.stem != "__init__"]

    assert {name for name in names if names.count(name) > 1} == set()


def test_each_module_begins_with_a_sentence_that_does_not_begin_with_what() -> None:
    modules = [m for m in PACKAGE.rglob("*.py") if "defs" not in m.parts]
    wrong = [m for m in modules if not re.match(r"(?!what\b).", first_line(m), re.IGNORECASE)]

    assert modules
    assert wrong == []


def test_the_readme_is_short_and_its_lines_can_be_read() -> None:
    lines = page("README.md").splitlines()

    assert len(lines) <= 150
    assert [line for line in lines if len(line) > 110 and not line.startswith(("|", "!"))] == []
