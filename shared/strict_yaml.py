"""YAML documents that are rules: read into a msgspec type, refusing what YAML would let pass in silence."""

from typing import Any, TypeVar

import msgspec
import yaml

T = TypeVar("T")
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
DEEPEST = 50
"""Nested so deep a rule isn't, and the loader in C, which knows no RecursionError, would end the process at some depth."""


class WrongYaml(ValueError):
    """Says what is wrong in a document, and where."""


def decode(text: bytes, kind: type[T]) -> T:
    """Raises WrongYaml: for what isn't YAML, is nested too deep, has an anchor or a doubled key, or doesn't fit `kind`."""
    try:
        _refuse_depth_and_aliases(text)
        _refuse_doubled_keys(yaml.compose(text, _Loader))
        return msgspec.yaml.decode(text, type=kind)
    except (msgspec.MsgspecError, yaml.YAMLError, ValueError) as error:
        raise WrongYaml(str(error) or type(error).__name__) from error


def _refuse_depth_and_aliases(text: bytes) -> None:
    """A few aliases that are merged into each other come to millions of keys."""
    depth = 0
    for event in yaml.parse(text, _Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise WrongYaml(f"line {event.start_mark.line + 1} is nested more than {DEEPEST} deep")
        if isinstance(event, yaml.NodeEvent) and event.anchor:
            line = event.start_mark.line + 1
            raise WrongYaml(f"`{event.anchor}` in line {line} is an anchor or alias: write out what it stands for")


def _refuse_doubled_keys(document: yaml.Node | None) -> None:
    """YAML would take the last one and say nothing."""
    mappings: list[Any] = [document] if isinstance(document, yaml.MappingNode) else []
    for mapping in mappings:
        seen: set[str] = set()
        for key in (key.value for key, _ in mapping.value if isinstance(key, yaml.ScalarNode)):
            if key in seen:
                raise WrongYaml(f"`{key}` is there twice, line {mapping.start_mark.line + 1} and on")
            seen.add(key)
        mappings += [value for _, value in mapping.value if isinstance(value, yaml.MappingNode) and value not in mappings]
