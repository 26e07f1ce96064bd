import pytest
from dagster.components.resolved.scopes import EnvScope

from ct_assets.components.project.template_values import Filler


@pytest.fixture
def filler(monkeypatch: pytest.MonkeyPatch) -> Filler:
    monkeypatch.setenv("SHARE", "0.3")
    monkeypatch.setenv("SHOP", "EU")
    monkeypatch.delenv("NO_SUCH", raising=False)
    return Filler({"env": EnvScope()})


@pytest.mark.parametrize(
    ("given", "filled"),
    [
        ("{{ env.SHARE }}", 0.3),
        ("of {{ env.SHOP }}", "of EU"),
        ("{{ env('NO_SUCH', 'none') }}", "none"),
        ({"a": [{"b": "{{ env.SHOP }}"}]}, {"a": [{"b": "EU"}]}),
        ("5", "5"),
        ("True", "True"),
        ("{FirstName} {LastName}", "{FirstName} {LastName}"),
        (None, None),
    ],
)
def test_only_templates_are_filled_in(filler: Filler, given: object, filled: object) -> None:
    assert filler.fill(given) == filled
    assert filler.problems == []


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("{{ env.NO_SUCH }}", "NO_SUCH is not set; set it in the environment."),
        ("of {{ env.NO_SUCH }}", "NO_SUCH is not set; set it in the environment."),
        ("{{ env('NO_SUCH') }}", "Environment variable NO_SUCH is not set and no default value"),
        ("{{ enw.SHOP }}", "cannot be filled in: 'enw' is undefined."),
        ("{{ env.SHOP", "cannot be filled in: unexpected end of template"),
        ("{{ 1 / 0 }}", "cannot be filled in: division by zero."),
    ],
)
def test_what_cannot_be_filled_in_is_told_with_its_place(
    filler: Filler, given: str, told: str
) -> None:
    filler.fill({"fields": {"a": [given]}})

    (problem,) = filler.problems
    assert problem.path == ("fields", "a", 0)
    assert told in problem.message
