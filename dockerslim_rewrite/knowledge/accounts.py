"""Accounts that base images bring along; see ``data/accounts.toml``."""

from __future__ import annotations

from .tables import table


def number_of_account(image: str, written: str, family: str | None, account: str) -> int | None:
    """The number of user and group *account* in the image *image* of the catalogue, which is *written* so in FROM, in
    lower case, and is of the distribution family *family*; None where it is not known.
    """
    known = table("accounts")
    expected = "alpine" if "alpine" in written else "debian"
    if image not in known["known"] or family != expected:
        return None
    for entry in known["images"]:
        if image in entry["names"] and entry.get("family", family) == family and account in entry["accounts"]:
            found: int = entry["accounts"][account]
            return found
    number: int | None = known["families"].get(family, {}).get(account)
    return number


def first_number(image: str, release: str | None) -> int | None:
    """The number that the first ordinary account gets in the image *image* of the catalogue, which stands on *release*
    of its distribution; None where that is not known.
    """
    known = table("accounts")["first"]
    number: int = known["number"]
    if image not in known["images"] or (image == "ubuntu" and release not in known["ubuntu"]):
        return None
    return number


def makes_no_account(command: str) -> bool:
    """Whether the program *command* makes no account and no group."""
    return command in table("accounts")["first"]["before"]


def changes_accounts(program: str) -> str | None:
    """What *program* does with the account that it is told, as a verb; None for one that does nothing with accounts."""
    found: str | None = table("accounts")["programs"].get(program)
    return found
