"""Where an act is done: each call names its place, whatever its person chose in a browser (D62)."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field
from sqlalchemy import Connection

from intergestan_erp.agencies.places import Place, first_place, place_called
from services.console.api.shapes import STRICT

Establishment = Annotated[int, Field(ge=1, le=999_999, description="Its number.")]
_Depot = Annotated[str, Field(min_length=1, max_length=20, pattern=r"\S", description="Its code.")]


class Here(BaseModel):
    """An establishment, and where goods are in question one of its depots; else the one that it draws on first."""

    model_config = STRICT

    establishment: Establishment
    depot: _Depot | None = None

    def find(self, connection: Connection) -> Place:
        """The place.

        :raises Problem: it is none, or not in use.
        """
        if self.depot is None:
            return first_place(connection, self.establishment)
        return place_called(connection, f"{self.establishment}/{self.depot}")


class HereInDepot(Here):
    """An establishment and one of its depots, in which goods are touched."""

    depot: _Depot
