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
