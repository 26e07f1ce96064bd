import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import ct_assets
from ct_assets.clevertap.codes import (
    CodeEntry,
    HeldCode,
    RejectedCode,
    UnknownCodeError,
    WarnedCode,
    entries,
    explain,
)
from ct_assets.phone.result import REASONS


def test_explains_a_code_of_a_rejected_row() -> None:
    assert explain("number_not_finite") == CodeEntry(
        code="number_not_finite",
        kind="rejected",
        title="NaN or infinity",
        cause="JSON has no such numbers; they usually come from a division by zero or from a "
        "missing value.",
        fix="Make it null in the source.",
    )


@pytest.mark.parametrize("code", [515, "515", " 515 "])
def test_takes_codes_as_numbers_and_as_text(code: str | int) -> None:
    assert explain(code).title == "E-mail address is invalid"


def test_an_unknown_code_names_the_closest() -> None:
    with pytest.raises(
        UnknownCodeError, match="no code 'emal_domain'; did you mean 'email_domain'"
    ):
        explain("emal_domain")


# developer.clevertap.com/docs/api-errors
RECORD_CODES = [
    509, 512, 513, 514, 515, 516, 517, 518, 519, 520, 522, 523, 524, 525, 526, 528,
    530, 531, 532, 533, 534, 535, 555,
]  # fmt: skip


def test_every_code_of_records_is_there() -> None:
    refused = [entry.code for entry in entries().values() if entry.kind == "refused"]
    assert refused == [str(code) for code in RECORD_CODES]


@pytest.mark.parametrize(
    "status", [200, 201, 202, 204, 400, 401, 403, 404, 405, 409, 429, 500, 503]
)
def test_every_documented_http_status_is_there(status: int) -> None:
    assert explain(status).kind == "http"


def test_what_passes_by_itself() -> None:
    transient = [entry.code for entry in entries().values() if entry.transient]
    assert transient == [
        "limit", "555", "202", "204", "408", "409", "429", "500", "502", "503", "504", "5xx",
    ]  # fmt: skip


@pytest.mark.parametrize("code", ["100", "299", "600", "41", "4180", "-41", "٤١٨", "4x8", ""])
def test_what_is_neither_a_code_nor_a_status(code: str) -> None:
    with pytest.raises(UnknownCodeError, match="There is no code"):
        explain(code)


def test_texts_are_sentences() -> None:
    for entry in entries().values():
        assert entry.cause.endswith(".")
        assert entry.fix.endswith(".")
        assert not entry.title.endswith(".")


PRODUCT = Path(ct_assets.__file__).parent
OWN = {"rejected": RejectedCode, "warned": WarnedCode, "held": HeldCode}


def own_codes(kind: str) -> set[str]:
    return {entry.code for entry in entries().values() if entry.kind == kind}


def texts_of_product() -> Iterator[tuple[str, str]]:
    """Every text constant of the product, with the function that it is given to."""
    for path in sorted(set(PRODUCT.rglob("*.py")) - set((PRODUCT / "sandbox").rglob("*.py"))):
        tree = ast.parse(path.read_text())
        callers = {
            id(argument): call.func.id
            for call in ast.walk(tree)
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
            for argument in call.args
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value, callers.get(id(node), "")


@pytest.mark.parametrize("code_of_kind", OWN.values())
def test_a_code_without_an_entry_cannot_be_made(code_of_kind: type[RejectedCode]) -> None:
    with pytest.raises(ValueError, match=r"codes\.toml has no entry \[\w+\.emal_domain\]"):
        code_of_kind("emal_domain")


def test_a_code_of_another_kind_cannot_be_made() -> None:
    with pytest.raises(ValueError, match=r"has no entry \[warned\.email_domain\]: write one"):
        WarnedCode("email_domain")


@pytest.mark.parametrize("kind", ["rejected", "warned"])
def test_codes_are_never_bare_texts(kind: str) -> None:
    codes, makers = own_codes(kind), {"RejectedCode", "WarnedCode", "explain"}

    assert [text for text in texts_of_product() if text[0] in codes and text[1] not in makers] == []


def test_codes_of_held_rows_are_not_spelled_out_in_sql() -> None:
    quoted = {f"'{code}'" for code in own_codes("held") - {"refused"}}  # which is an outcome, too

    assert [text for text, _ in texts_of_product() if any(code in text for code in quoted)] == []


@pytest.mark.parametrize("kind", OWN)
def test_every_entry_of_ours_is_used_and_every_code_has_an_entry(kind: str) -> None:
    used = {text for text, maker in texts_of_product() if maker == OWN[kind].__name__}
    if kind == "rejected":
        used |= {f"phone_{reason}" for reason in REASONS}

    assert used == own_codes(kind)
