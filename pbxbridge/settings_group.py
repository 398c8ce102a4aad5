"""What all groups of settings are."""

from pydantic import BaseModel, ConfigDict


class Group(BaseModel):
    """What belongs together; a name that it does not know is a mistake, and said."""

    model_config = ConfigDict(extra="forbid")
