"""The base of this service's tables."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy.orm import DeclarativeBase

from chassis.persistence.tables import Moment, new_metadata


class Base(DeclarativeBase):
    """The tables of this service."""

    metadata = new_metadata()
    type_annotation_map: ClassVar = {datetime: Moment}
