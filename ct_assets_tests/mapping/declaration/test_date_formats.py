import pytest

from ct_assets.mapping import DeclarationError, parse
from ct_assets.mapping.declaration.date_formats import problem

SUCH_AS = "Write, say, '%d/%m/%Y', or '%d.%m.%Y %H:%M:%S'."


@pytest.mark.parametrize(
    ("form", "wrong"),
    [
        ("%d/%m/%Y", None),
        ("%e %B %Y", None),
        ("%d %b %y %I:%M %p", None),
        ("%F", None),
        ("%Y-%j", None),
        ("%Y%m%d", None),
        ("%d.%m.%Y %H:%M:%S%.f %z", None),
        ("DD/MM/YYYY", "'DD/MM/YYYY' has no directives such as %d. Write '%d/%m/%Y'."),
        (
            "dd.MM.yyyy HH:mm:ss",
            "'dd.MM.yyyy HH:mm:ss' has no directives such as %d. Write '%d.%m.%Y %H:%M:%S'.",
        ),
        ("x", f"'x' has no directives such as %d. {SUCH_AS}"),
        ("%d/%m", f"'%d/%m' has no year. {SUCH_AS}"),
        ("%d/%Y", f"'%d/%Y' has no month. {SUCH_AS}"),
        ("%m/%Y", f"'%m/%Y' has no day. {SUCH_AS}"),
        ("%s", f"'%s' has no year. {SUCH_AS}"),
        ("%d/%m/%Y %H", f"'%d/%m/%Y %H' has hours without minutes. {SUCH_AS}"),
    ],
)
def test_formats(form: str, wrong: str | None) -> None:
    assert problem(form) == wrong


def test_a_declaration_names_its_mistake_in_a_format() -> None:
    fields = {"Born": {"column": "born", "type": "date", "format": ["%d/%m/%Y", "DD.MM.YYYY"]}}
    raw = {"name": "s", "object": "profile", "source": "x", "identify_by": [{"identity": "id"}]}

    with pytest.raises(DeclarationError, match=r"fields.Born.format: 'DD.MM.YYYY' has no direct"):
        parse({**raw, "fields": fields})

    one = {"Born": {"column": "born", "format": "%d/%m/%Y"}}
    assert parse({**raw, "fields": one}).fields["Born"].formats == ("%d/%m/%Y",)
