"""By what the gateway knows the merchant: a store and its token. They never show themselves."""

from __future__ import annotations

from typing import NoReturn


class Secret:
    """A text that goes onto the wire and nowhere else. No equality, pickle, copy or JSON."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return "Secret(not shown)"

    __str__ = __repr__

    def __format__(self, _spec: str) -> str:
        return repr(self)

    def __eq__(self, other: object) -> NoReturn:
        raise TypeError("a Secret is never compared")

    __hash__ = None  # type: ignore[assignment]  # unhashable on purpose

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is never pickled or copied")

    def disclose(self) -> str:
        """The text itself, for the one function that writes the request."""
        return self._text


class Credentials:
    """`store_id` and `api_token` of one merchant account. Raises ValueError where one is empty."""

    __slots__ = ("api_token", "store_id")

    def __init__(self, store_id: str, api_token: str) -> None:
        for name, value in (("store_id", store_id), ("api_token", api_token)):
            if not value.strip():
                raise ValueError(f"{name} is empty; the acquirer's merchant site shows it")
        self.store_id = Secret(store_id.strip())
        self.api_token = Secret(api_token.strip())

    def __repr__(self) -> str:
        return "Credentials(not shown)"
