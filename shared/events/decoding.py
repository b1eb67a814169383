"""The same events, decoded by msgspec at half of pydantic's cost, for readers of whole histories.

Only what msgspec surely reads the same way is read by it: plain fields, in the form in which the relay writes them. For
everything else, a wrong value included, pydantic has the word, so that this is nothing but quicker.
"""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum
from types import NoneType, UnionType
from typing import Annotated, Any, NotRequired, TypedDict, TypeVar, Union, get_args, get_origin
from uuid import UUID

import annotated_types
import msgspec
from pydantic import AwareDatetime, BaseModel
from pydantic.fields import FieldInfo

M = TypeVar("M", bound=BaseModel)

AWARE = Annotated[datetime, msgspec.Meta(tz=True)]
PLAIN: dict[Any, Any] = {str: str, int: int, bool: bool, UUID: UUID, NoneType: NoneType, AwareDatetime: AWARE}

NONE_OF_THEM = Annotated[tuple[Any, ...], msgspec.Meta(max_length=0)]
"""Most events have none of what isn't plain: those that have some are left to pydantic."""

SLOTS = ("__pydantic_fields_set__", "__pydantic_extra__", "__pydantic_private__")
"""What a pydantic instance has beside its fields."""

finer_than_microseconds = re.compile(rb"\.\d{7}").search
"""msgspec rounds such a time, pydantic cuts it."""


class NotPlain(TypeError):
    """A field that is left to pydantic."""


def decoder_of(model: type[M]) -> Callable[[bytes], M]:
    """What makes instances of this frozen model from JSON. The callable raises pydantic's ValidationError."""
    try:
        fields = {name: _field(field) for name, field in model.model_fields.items()}
    except NotPlain:
        return model.model_validate_json
    decode = msgspec.json.Decoder(TypedDict("Fields", fields)).decode  # type: ignore[operator]
    return _decoding(model, decode)


def _decoding(model: type[M], decode: Callable[[bytes], dict[str, Any]]) -> Callable[[bytes], M]:
    every, count = frozenset(model.model_fields), len(model.model_fields)
    new, put = model.__new__, object.__setattr__
    put_set, put_extra, put_private = (BaseModel.__dict__[slot].__set__ for slot in SLOTS)

    def instance(value: bytes) -> M:
        if finer_than_microseconds(value):
            return model.model_validate_json(value)
        try:
            fields = decode(value)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return model.model_validate_json(value)
        if len(fields) != count:  # an older writer left out what has a default
            return model.model_validate_json(value)
        made = new(model)
        put(made, "__dict__", fields)
        put_set(made, every)
        put_extra(made, None)
        put_private(made, None)
        return made

    return instance


def _field(field: FieldInfo) -> Any:
    read = _plain(field.annotation)
    limits = _limits(field.metadata)
    return NotRequired[Annotated[read, limits] if limits else read]


def _plain(annotation: Any) -> Any:
    if annotation in PLAIN:
        return PLAIN[annotation]
    if get_origin(annotation) is Annotated:
        read, *metadata = get_args(annotation)
        limits = _limits(metadata)
        return Annotated[_plain(read), limits] if limits else _plain(read)
    if get_origin(annotation) in (Union, UnionType):
        return Union[tuple(_plain(each) for each in get_args(annotation))]  # noqa: UP007 - made at run time
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return annotation
    return _collection(annotation)


def _collection(annotation: Any) -> Any:
    match get_origin(annotation), get_args(annotation):
        case builtin, (each, end) if builtin is tuple and end is ...:
            return tuple[_plain(each), ...] if _is_plain(each) else NONE_OF_THEM  # type: ignore[misc]
        case builtin, (key, value) if builtin is dict:
            return dict[_plain(key), _plain(value)]  # type: ignore[misc]
    raise NotPlain(annotation)


def _is_plain(annotation: Any) -> bool:
    try:
        _plain(annotation)
    except NotPlain:
        return False
    return True


def _limits(metadata: Sequence[Any]) -> msgspec.Meta | None:
    found: dict[str, Any] = {}
    for one in metadata:
        found |= _limit(one)
    return msgspec.Meta(**found) if found else None


def _limit(one: Any) -> dict[str, Any]:
    match one:
        case FieldInfo():
            return {name: value for each in one.metadata for name, value in _limit(each).items()}
        case annotated_types.Ge():
            return {"ge": one.ge}
        case annotated_types.Le():
            return {"le": one.le}
        case annotated_types.MinLen():
            return {"min_length": one.min_length}
        case annotated_types.MaxLen():
            return {"max_length": one.max_length}
    raise NotPlain(one)


__all__ = ["decoder_of"]
