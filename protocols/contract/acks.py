"""The backend's word that it has stored an agent's facts."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from protocols.contract.fields import Asked, Now, ToldEpoch


class Ack(Asked):
    """Everything of `epoch` up to and with `seq` is stored. `time` is the backend's clock now."""

    epoch: ToldEpoch
    seq: Annotated[int, Field(ge=0)]
    time: Now
