"""Phone numbers in the one form in which equal numbers are equal."""

import phonenumbers


def e164(written: str, country: str, *, strict: bool) -> str | None:
    """Return a number in E.164 form, None when it cannot be one.

    Args:
        written: In any usual writing; with a country code, or one of `country`.
        country: ISO 3166 code, upper case.
        strict: Also ask whether the number lies in an assigned range.
    """
    try:
        number = phonenumbers.parse(written, country)
    except phonenumbers.NumberParseException:
        return None
    fits = phonenumbers.is_valid_number if strict else phonenumbers.is_possible_number
    if not fits(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def is_country(country: str) -> bool:
    """Tell whether numbers of a country are known."""
    return country in phonenumbers.SUPPORTED_REGIONS
