"""The base class of clinical's tables."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy.orm import DeclarativeBase

from chassis.persistence.tables import Moment, new_metadata


class Base(DeclarativeBase):
    """Base of clinical's tables."""

    metadata = new_metadata()
    type_annotation_map: ClassVar = {datetime: Moment}
