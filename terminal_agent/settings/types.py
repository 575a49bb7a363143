"""The kinds of value that several sections share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    ValidationInfo,
    model_validator,
)

from protocols.core.scrub import scrub


def _from_the_files_folder(path: Path, info: ValidationInfo) -> Path:
    """A relative path counts from the folder of the settings file, wherever the agent is started."""
    folder = (info.context or {}).get("folder")
    return Path(folder) / path if folder else path


def _hexadecimal(value: object) -> object:
    """USB ids as `lsusb` prints them; a number (0x0403) is taken too."""
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:04x}"
    return value.lower().removeprefix("0x") if isinstance(value, str) else value


def _no_card_number(value: str) -> str:
    """Ids stand in topics and logs."""
    if scrub(value)[1]:
        raise ValueError("has the form of a card number; choose another id")
    return value


LocalPath = Annotated[Path, Strict(False), AfterValidator(_from_the_files_folder)]
OpaqueId = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,36}$"), AfterValidator(_no_card_number)]
ShownName = Annotated[str, Field(min_length=1, max_length=80)]
UsbId = Annotated[str, BeforeValidator(_hexadecimal), Field(pattern=r"^[0-9a-f]{4}$")]
Port = Annotated[int, Field(ge=1, le=65535)]


class Section(BaseModel):
    """Unknown keys refused, no silent conversion from another type, input never shown in errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


class Tls(Section):
    """TLS 1.2 or later, the other side always verified. Files in PEM form."""

    ca: LocalPath = Field(description="Certificates of those who may sign the other side's")
    certificate: LocalPath | None = Field(default=None, description="Our certificate, its chain after it")
    key: LocalPath | None = Field(default=None, description="Our private key, mode 0400, no passphrase")
    server_name: str | None = Field(default=None, description="The name to expect if `host` is an address")

    @model_validator(mode="after")
    def _both_or_neither(self) -> Self:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("`certificate` and `key` belong together; give both or neither")
        return self
