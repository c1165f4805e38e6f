"""Phone numbers: one normal form, and a hash that needs a key."""

from __future__ import annotations

import hashlib
import hmac
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

from schema.values.e164 import is_normal
from schema.values.phones import PhoneNumber, keyed_hash, normalise
from schema.values.scalars import PHONE_NUMBER

E164 = re.compile(r"\+[1-9][0-9]{1,14}", re.ASCII)
PLUS_AND_DIGITS = re.compile(r"\+[1-9][0-9]+", re.ASCII)
NUMBER = PhoneNumber("+4915112345678")
KEY = b"k" * 32

digits = st.integers(0, 10**17).map(str)
written = st.builds(
    lambda start, parts, between: start + between.join(parts),
    st.sampled_from(["+", "++", "00", "＋", "tel:+", " +", ""]),
    st.lists(digits, max_size=4),
    st.sampled_from(["", " ", "-", "/", ".", "(", ") ", "\N{EN DASH}", ";ext=", " x", "\u200b"]),
)


@example("+200001010000")
@given(written | st.text())
def test_normalising_twice_is_normalising_once(text: str) -> None:
    """I35: every accepted number has one normal form, which is its own normal form."""
    try:
        once = normalise(text)
    except ValueError:
        return

    assert once == normalise(once)


@given(written | st.text())
def test_the_normal_form_is_a_plus_and_digits(text: str) -> None:
    """A normal form is a plus and digits, so it needs no escaping in JSON."""
    try:
        found = normalise(text)
    except ValueError:
        return

    assert PLUS_AND_DIGITS.fullmatch(found)


@pytest.mark.parametrize("text", ["+49" + "1" * 15, "+2341100010001000"])
def test_the_normal_form_is_e_164(text: str) -> None:
    """A number of more than 15 digits is refused (ITU-T E.164, 6)."""
    try:
        found = normalise(text)
    except ValueError:
        return

    assert E164.fullmatch(found)


@pytest.mark.parametrize(
    "text",
    [
        "+49 151 12345678",
        "+49 (151) 123-456-78",
        "tel:+49-151-12345678",
        "＋４９１５１１２３４５６７８",
        " +4915112345678",
    ],
)
def test_one_number_has_one_form_however_it_is_written(text: str) -> None:
    """A number written with spaces, brackets or wide digits has the same normal form."""
    assert normalise(text) == NUMBER


HOSTILE = {
    "nothing": "",
    "a plus": "+",
    "words": "not a number",
    "national": "0151 12345678",
    "trunk_prefix_for_plus": "004915112345678",
    "too_short": "+491",
    "too_long": "+49" + "1" * 18,
    "very_long": "+49" + "1" * 100_000,
    "many_pluses": "+" * 100_000,
    "no_such_country": "+999 1234567",
    "null_byte": "+49151\x0012345678\x00",
    "lone_surrogate": "+49151\ud80012345678",
    "sql": "+4915112345678'; DROP TABLE account; --",
    "two_numbers": "+4915112345678,+4915112345679",
    "json": '{"number": "+4915112345678"}',
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_an_invalid_number_is_refused_without_quoting_it(text: str) -> None:
    """The error says what was expected and quotes nothing of the request."""
    try:
        found = normalise(text)
    except ValueError as error:
        assert str(error) == "not a phone number in international form"
        assert error.__cause__ is None
        assert error.__suppress_context__
    else:
        # A number with other characters around it may be accepted, but only as that number.
        assert PLUS_AND_DIGITS.fullmatch(found)


@pytest.mark.parametrize("name", ["nothing", "national", "too_short", "very_long", "many_pluses"])
def test_no_number_is_guessed(name: str) -> None:
    """A number in national form is refused, because it is another person's in each country."""
    with pytest.raises(ValueError, match="not a phone number"):
        normalise(HOSTILE[name])


@pytest.mark.parametrize(
    "value", [4915112345678, 1.5, True, None, ["+4915112345678"], "+49151" + " " * 60 + "1"]
)
def test_a_variable_that_is_no_short_text_is_no_phone_number(value: object) -> None:
    """The scalar takes strings of at most 64 characters."""
    assert PHONE_NUMBER.parse_value is not None
    with pytest.raises(ValueError, match="not a phone number"):
        PHONE_NUMBER.parse_value(value)


def test_the_hash_is_hmac_sha_256_of_the_normal_form() -> None:
    """A number's hash is HMAC-SHA-256 of its normal form, so another program with the key can compute it."""
    assert hmac.new(KEY, b"+4915112345678", hashlib.sha256).digest() == keyed_hash(NUMBER, KEY)


def test_the_hash_says_nothing_without_the_key() -> None:
    """Another key gives another hash, and no hash equals the plain digest."""
    plain = hashlib.sha256(NUMBER.encode()).digest()

    assert len({keyed_hash(NUMBER, KEY), keyed_hash(NUMBER, b"l" * 32), plain}) == 3


@given(
    st.builds(
        lambda code, rest: f"+{code}{rest}",
        st.sampled_from(sorted(COUNTRY_CODE_TO_REGION_CODE)),
        st.integers(0, 10**13).map(str) | st.integers(0, 10**9).map(lambda number: f"0{number}"),
    )
    | written
)
def test_i35_a_number_accepted_without_parsing_is_normal(text: str) -> None:
    """A text that is accepted without parsing equals the library's normal form, in every country."""
    if is_normal(text):
        assert text == normalise(text)


@pytest.mark.parametrize("number", ["+4915112345678", "+14155552671", "+919812345678", "+447700900123"])
def test_i35_usual_numbers_are_accepted_without_parsing(number: str) -> None:
    """Usual numbers are accepted without parsing: a list of a million would take too long otherwise."""
    assert is_normal(number)
