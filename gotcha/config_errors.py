"""What is wrong with a configuration, in one sentence for each fault: where, what was expected, what came."""

from __future__ import annotations

from collections.abc import Mapping
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from gotcha.config_section import nearest
from gotcha.config_yaml import KeyPath, YamlDocument
from sources.redact import redact

_UNITS = {"_s": "seconds", "_px": "pixels", "_fps": "frames a second"}
_BOUNDS = {
    "greater_than": ("above", "gt"),
    "greater_than_equal": ("of at least", "ge"),
    "less_than": ("below", "lt"),
    "less_than_equal": ("of at most", "le"),
}
# pydantic's error types, and what they expected in our words.
_EXPECTED = {
    "string_type": "a text (in quotes where it looks like a number)",
    "string_too_short": "a text, not an empty one",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "list_type": "a list",
    "too_short": "a list with at least one entry",
    "dict_type": "a section with keys",
    "model_type": "a section with keys",
    "model_attributes_type": "a section with keys",
    "date_type": "a date such as 2026-01-01",
    "date_parsing": "a date such as 2026-01-01",
    "date_from_datetime_parsing": "a date such as 2026-01-01",
    "datetime_type": "a time such as 2026-05-01T09:00:00+09:00",
    "datetime_parsing": "a time such as 2026-05-01T09:00:00+09:00",
    "datetime_from_date_parsing": "a time such as 2026-05-01T09:00:00+09:00",
    "path_type": "a path",
}


def sentences(error: ValidationError, document: YamlDocument, model: type[BaseModel]) -> list[str]:
    """One sentence for each fault, in the order of the file.

    Args:
        error: what pydantic found.
        document: the text it was found in.
        model: what was validated.
    """
    found: list[tuple[int, str]] = []
    meant: set[KeyPath] = set()
    details = error.errors(include_url=False, include_input=False)
    for detail in sorted(details, key=lambda d: d["type"] != "extra_forbidden"):
        path = _path(detail, document)
        if path in meant:
            continue  # The key is missing because it is misspelt, which has been said already.
        if detail["type"] == "too_short" and document.value_at(path):
            continue  # The list is short of the entries that are wrong, which are said themselves.
        text, guess = _sentence(detail, path, document, model)
        if guess:
            meant.add((*path[:-1], guess))
        line = document.line_of(path)
        where = f"{document.name} line {line}: {_dotted(path)}" if path else f"{document.name}"
        found.append((line, f"{where}: {text}"))
    return [text for _, text in sorted(found, key=lambda item: item[0])]


def _path(detail: ErrorDetails, document: YamlDocument) -> KeyPath:
    """The keys of the file an error belongs to: pydantic adds the names of union variants, dropped here."""
    path: KeyPath = ()
    for part in detail["loc"]:
        if document.holds((*path, part)):
            path = (*path, part)
    if detail["type"] == "missing":
        return (*path, detail["loc"][-1])
    if detail["type"].startswith("union_tag"):
        return (*path, "kind")
    return path


def _dotted(path: KeyPath) -> str:
    return ".".join(str(part) for part in path)


def _sentence(
    detail: ErrorDetails, path: KeyPath, document: YamlDocument, model: type[BaseModel]
) -> tuple[str, str | None]:
    """What to say, and for a misspelt key which one was meant."""
    kind, context = detail["type"], detail.get("ctx", {})
    value = document.value_at(path) if document.holds(path) else None
    if kind == "extra_forbidden":
        return _unknown_key(path, document, model)
    if detail["loc"][-1:] == ("[key]",) and kind == "string_pattern_mismatch":
        return "expected a name of letters, digits, - and _, at most 64 of them", None
    if kind == "missing":
        field = _field_at(path, document, model)
        return f"this key is missing; it holds {field.description if field else 'something'}", None
    if kind == "union_tag_not_found":
        return f"this key is missing; expected one of {_choices(context['discriminator'], model)}", None
    if kind == "union_tag_invalid":
        return _choice(value, _quoted(context["expected_tags"])), None
    if kind in ("enum", "literal_error"):
        return _choice(value, _quoted(context["expected"])), None
    if kind == "value_error":
        return redact(str(context["error"])), None
    return f"expected {_expected(kind, context, path, document, model)}, got {_shown(value)}", None


def _expected(
    kind: str, context: Mapping[str, Any], path: KeyPath, document: YamlDocument, model: type[BaseModel]
) -> str:
    name = next((part for part in reversed(path) if isinstance(part, str)), "")
    unit = next((unit for suffix, unit in _UNITS.items() if name.endswith(suffix)), "")
    if kind in _BOUNDS:
        word, bound = _BOUNDS[kind]
        return f"{unit or 'a number'} {word} {context[bound]:g}"
    if kind.startswith(("float", "int")) or kind == "finite_number":
        whole = "a whole number" if kind.startswith("int") else "a number"
        return f"{whole} of {unit}" if unit else whole
    if kind == "multiple_of":
        return f"a multiple of {context['multiple_of']:g}"
    if kind in _EXPECTED:
        return _EXPECTED[kind]
    field = _field_at(path, document, model)
    return field.description if field and field.description else kind.replace("_", " ")


def _unknown_key(path: KeyPath, document: YamlDocument, model: type[BaseModel]) -> tuple[str, str | None]:
    section = _section_at(path[:-1], document, model)
    known = tuple(section.model_fields) if section else ()
    guess = nearest(str(path[-1]), known)
    if guess:
        return f"there is no such key; did you mean `{guess}`?", guess
    return f"there is no such key; known here: {', '.join(known)}", None


def _choice(value: object, known: tuple[str, ...]) -> str:
    guess = nearest(value, known) if isinstance(value, str) else None
    hint = f"; did you mean {guess}?" if guess else ""
    return f"expected one of {', '.join(known)}, got {_shown(value)}{hint}"


def _quoted(text: str) -> tuple[str, ...]:
    """The words between single quotes in pydantic's list of choices."""
    return tuple(text.split("'")[1::2])


def _choices(discriminator: str, model: type[BaseModel]) -> str:
    """The kinds of camera: the only union of the configuration."""
    variants = _variants(model.model_fields["cameras"].annotation)
    names = [get_args(v.model_fields[discriminator.strip("'")].annotation)[0] for v in variants]
    return ", ".join(names)


def _shown(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict | list):
        word = "section with keys" if isinstance(value, dict) else "list"
        return f"a {word}" if value else f"an empty {word.split()[0]}"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return repr(redact(str(value)[:80]))
    return str(value)


def _field_at(path: KeyPath, document: YamlDocument, model: type[BaseModel]) -> FieldInfo | None:
    """The field a key fills; an entry of a list belongs to the list's field."""
    while path and not isinstance(path[-1], str):
        path = path[:-1]
    section = _section_at(path[:-1], document, model)
    return section.model_fields.get(str(path[-1])) if section and path else None


def _section_at(path: KeyPath, document: YamlDocument, model: type[BaseModel]) -> type[BaseModel] | None:
    """The model of the section at `path`, by walking the models' annotations beside the file's keys."""
    current: Any = model
    for depth, part in enumerate(path, start=1):
        if isinstance(current, type) and issubclass(current, BaseModel):
            field = current.model_fields.get(str(part))
            current = field.annotation if field else None
        elif get_origin(current) is dict:
            current = get_args(current)[1]
        else:
            current = next(iter(get_args(current)), None)
        if get_origin(current) in (Annotated, Union, UnionType):
            current = _variant(current, (*path[:depth], "kind"), document)
    return current if isinstance(current, type) and issubclass(current, BaseModel) else None


def _variant(annotation: Any, kind: KeyPath, document: YamlDocument) -> type[BaseModel] | None:
    """The one model of `annotation`, or of several the one whose `kind` the file names."""
    variants = _variants(annotation)
    if len(variants) == 1:
        return variants[0]
    named = (document.value_at(kind),) if document.holds(kind) else ()
    return next((v for v in variants if get_args(v.model_fields["kind"].annotation) == named), None)


def _variants(annotation: Any) -> tuple[type[BaseModel], ...]:
    """The models an annotation may stand for, through Annotated, Optional and a mapping's values."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return (annotation,)
    origin = get_origin(annotation)
    if origin is Annotated:
        return _variants(get_args(annotation)[0])
    if origin is dict:
        return _variants(get_args(annotation)[1])
    if origin in (Union, UnionType):
        return tuple(model for part in get_args(annotation) for model in _variants(part))
    return ()
