"""Immutable records: what frozen, slotted dataclasses are, at a tenth of their price when the program starts.

The compiler has about a hundred small value types. ``dataclasses`` writes and compiles six functions for each while its
module is imported, 0.35 ms a class (measured with Python 3.11), and imports ``inspect``: more than a third of the time
that rewriting one file from the shell may take. Here a class gets its constructor when its first instance is made, and
shares all other methods with the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any, TypeVar, dataclass_transform, overload

T = TypeVar("T")
C = TypeVar("C", bound=type)


@overload
def record(cls: C, /) -> C: ...
@overload
def record(*, eq: bool = True, slots: bool = True) -> Callable[[C], C]: ...
@dataclass_transform(frozen_default=True)
def record(cls: Any = None, /, *, eq: bool = True, slots: bool = True) -> Any:
    """Make the class a record of its annotated attributes, those of bases that are records first.

    An attribute with a value in the class body may be left out of the call; a mutable one is refused with
    ``TypeError``. ``eq=False`` leaves equality to identity. ``slots=False`` gives instances a ``__dict__``, which
    cached properties need. Setting or deleting an attribute raises ``AttributeError``.
    """
    if cls is None:
        return lambda given: _build(given, eq, slots)
    return _build(cls, eq, slots)


def evolve(value: T, **changes: Any) -> T:
    """A copy of the record *value* with *changes*. Raises ``TypeError`` for an attribute that it does not have."""
    return type(value)(**{name: getattr(value, name) for name in field_names(value)} | changes)


def field_names(value: object) -> tuple[str, ...]:
    """The names of the attributes of a record, or of a class of records, in order."""
    names: tuple[str, ...] = value.__fields__  # type: ignore[attr-defined]
    return names


class _DataclassFields:
    """What ``dataclasses`` looks for: to ``replace``, ``fields`` and ``asdict``, a record is a dataclass."""

    def __get__(self, value: object, cls: Any) -> dict[str, Any]:
        from dataclasses import field, make_dataclass

        kinds = {
            name: kind for base in reversed(cls.__mro__) for name, kind in vars(base).get("__annotations__", {}).items()
        }
        given = [
            (name, kinds[name], field(default=cls.__defaults__[name]) if name in cls.__defaults__ else field())
            for name in cls.__fields__
        ]
        alike: Any = make_dataclass(cls.__name__, given, kw_only=True)
        found: dict[str, Any] = alike.__dataclass_fields__
        return found


def _build(cls: Any, eq: bool, slots: bool) -> Any:
    own: tuple[str, ...] = tuple(cls.__annotations__)
    names = (*(name for name in getattr(cls, "__fields__", ()) if name not in own), *own)
    defaults = {
        **getattr(cls, "__defaults__", {}),
        **{name: cls.__dict__[name] for name in own if name in cls.__dict__},
    }
    for name in own:
        if isinstance(defaults.get(name), list | dict | set):
            raise TypeError(f"{cls.__name__}.{name}: a mutable default would be shared by all instances")
    added: dict[str, Any] = {
        "__fields__": names,
        "__match_args__": names,
        "__defaults__": defaults,
        "__init__": _first_call,
        "__setattr__": _refuse,
        "__delattr__": _refuse,
        "__replace__": evolve,
        "__dataclass_fields__": _DataclassFields(),
    }
    if "__repr__" not in cls.__dict__:
        added["__repr__"] = _repr
    if names:
        added["_values"] = staticmethod(attrgetter(*names))
    if eq and "__eq__" not in cls.__dict__:
        added |= {"__eq__": _equal, "__hash__": _hash} if names else {"__eq__": _same_class, "__hash__": _class_hash}
    if not slots:
        for name, value in added.items():
            setattr(cls, name, value)
        return cls
    left_out = {*own, "__dict__", "__weakref__"}
    body = {name: value for name, value in cls.__dict__.items() if name not in left_out}
    body |= added | {"__slots__": own, "__getstate__": _state, "__setstate__": _set_state}
    body["__qualname__"] = cls.__qualname__
    return type(cls)(cls.__name__, cls.__bases__, body)


def _first_call(self: Any, *args: Any, **kwargs: Any) -> None:
    """Write the constructor of the class, now that it is needed, and call it."""
    cls = type(self)
    cls.__init__ = _constructor(cls)
    cls.__init__(self, *args, **kwargs)


def _constructor(cls: Any) -> Callable[..., None]:
    scope: dict[str, Any] = {}
    required, optional, lines = [], [], []
    if hasattr(cls, "__dict__") and cls.__dictoffset__:
        lines.append(" _dict = self.__dict__")
    for index, name in enumerate(cls.__fields__):
        if name in cls.__defaults__:
            scope[f"_default{index}"] = cls.__defaults__[name]
            optional.append(f"{name}=_default{index}")
        else:
            required.append(name)
        slot: Any = getattr(cls, name, None)
        if hasattr(type(slot), "__set__"):
            scope[f"_set{index}"] = slot.__set__
            lines.append(f" _set{index}(self, {name})")
        else:
            lines.append(f" _dict[{name!r}] = {name}")
    source = f"def __init__(self, {', '.join(required + optional)}):\n" + ("\n".join(lines) or " pass")
    exec(source, scope)
    init: Callable[..., None] = scope["__init__"]
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    return init


def _refuse(self: object, name: str, value: object = None) -> None:
    raise AttributeError(f"{type(self).__name__}.{name} cannot be changed: make another with evolve()")


def _repr(self: Any) -> str:
    shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__fields__)
    return f"{type(self).__qualname__}({shown})"


def _equal(self: Any, other: Any) -> Any:
    return self._values(self) == self._values(other) if self.__class__ is other.__class__ else NotImplemented


def _hash(self: Any) -> int:
    return hash((self.__class__, self._values(self)))


def _same_class(self: object, other: object) -> Any:
    return True if self.__class__ is other.__class__ else NotImplemented


def _class_hash(self: object) -> int:
    return hash(self.__class__)


def _state(self: Any) -> tuple[Any, ...]:
    return tuple(getattr(self, name) for name in self.__fields__)


def _set_state(self: Any, state: tuple[Any, ...]) -> None:
    self.__init__(*state)
