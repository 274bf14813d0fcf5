"""Accounts that base images bring along; see ``data/accounts.toml``."""

from __future__ import annotations

from .tables import table


def number_of_account(image: str, family: str | None, account: str) -> int | None:
    """The number of user and group *account* in the image *image* of the catalogue, which is of the distribution
    family *family*; None where it is not known.
    """
    for entry in table("accounts")["images"]:
        if image in entry["names"] and entry.get("family", family) == family and account in entry["accounts"]:
            found: int = entry["accounts"][account]
            return found
    number: int | None = table("accounts")["families"].get(family, {}).get(account)
    return number


def first_number(image: str) -> int | None:
    """The number that the first ordinary account gets in the image *image* of the catalogue; None where that is not
    known.
    """
    known = table("accounts")["first"]
    number: int = known["number"]
    return number if image in known["images"] else None


def makes_no_account(command: str) -> bool:
    """Whether the program *command* makes no account and no group."""
    return command in table("accounts")["first"]["before"]
