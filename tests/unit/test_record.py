"""Records keep what frozen dataclasses promise."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from functools import cached_property

import pytest

from dockerslim_rewrite.record import evolve, field_names, record


@record
class Point:
    """Two numbers."""

    x: int
    y: int = 0

    def moved(self) -> Point:
        return evolve(self, x=self.x + 1)


@record
class Other:
    x: int
    y: int = 0


@record
class Nothing:
    pass


@record(eq=False, slots=False)
class Base:
    name: str


@record(eq=False, slots=False)
class Derived(Base):
    size: int

    @cached_property
    def double(self) -> int:
        return self.size * 2


def test_arguments_go_in_by_place_and_by_name() -> None:
    assert (Point(1).x, Point(1).y, Point(y=2, x=1).y) == (1, 0, 2)
    derived = Derived("a", size=3)
    assert (derived.name, derived.size, derived.double) == ("a", 3, 6)
    for wrong in ((), (1, 2, 3)):
        with pytest.raises(TypeError):
            Point(*wrong)
    with pytest.raises(TypeError):
        Point(1, z=3)  # type: ignore[call-arg]


def test_records_are_equal_by_class_and_values() -> None:
    assert Point(1, 2) == Point(1, 2) != Point(2, 1)
    assert Point(1, 2).__eq__(Other(1, 2)) is NotImplemented
    assert len({Point(1), Point(1), Other(1), Nothing(), Nothing()}) == 3
    assert Base("a") != Base("a")


def test_records_do_not_change() -> None:
    point = Point(1)
    with pytest.raises(AttributeError, match=r"Point\.x"):
        point.x = 2  # type: ignore[misc]
    with pytest.raises(AttributeError):
        del point.x
    with pytest.raises(AttributeError):
        Derived("a", 1).other = 1  # type: ignore[attr-defined]
    assert not hasattr(point, "__dict__")
    assert evolve(point, y=5) == Point(1, 5)
    assert point.moved() == Point(2)
    with pytest.raises(TypeError):
        evolve(point, z=1)


def test_a_default_that_could_change_is_refused() -> None:
    with pytest.raises(TypeError, match="mutable"):

        @record
        class Wrong:
            found: list[int] = []  # noqa: RUF012


def test_records_travel_and_are_shown() -> None:
    point = Point(1, 2)
    assert pickle.loads(pickle.dumps(point)) == point
    assert copy.copy(point) == copy.deepcopy(point) == point
    assert repr(point) == "Point(x=1, y=2)"
    assert pickle.loads(pickle.dumps(Derived("a", 2))).double == 4
    match point:
        case Point(x, y):
            assert (x, y) == (1, 2)


def test_dataclasses_sees_a_dataclass() -> None:
    point = Point(1)
    assert dataclasses.is_dataclass(point)
    assert dataclasses.replace(point, y=9) == Point(1, 9)
    assert dataclasses.asdict(point) == {"x": 1, "y": 0}
    assert [field.name for field in dataclasses.fields(Derived)] == ["name", "size"]
    assert field_names(Derived) == ("name", "size")


@record(slots=False)
class Named:
    attributes: int = 1
    self_: int = 2


def test_an_attribute_may_have_any_name() -> None:
    assert (Named(3).attributes, Named(3).self_) == (3, 2)
