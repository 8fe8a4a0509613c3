"""What every message and every part of a plan is made of."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from fedaug.privacy.limits import LIMITS

Name = Annotated[str, Field(min_length=1, max_length=LIMITS.name_chars)]


class Message(BaseModel):
    """What every message shares: frozen, closed, and never quoting its input in an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, allow_inf_nan=False)
