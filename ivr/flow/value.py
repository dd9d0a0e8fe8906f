"""`value`: a frozen dataclass with slots, whose frozenness the type checker keeps (ADR 14).
Made by the dozen in every step, such values cost a third of what run-time freezing costs."""

from dataclasses import dataclass
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True)
def value(kind: type[T]) -> type[T]:
    """Decorates a class of plain values: compared and hashed by their fields, never assigned to."""
    return dataclass(slots=True, unsafe_hash=True)(kind)
