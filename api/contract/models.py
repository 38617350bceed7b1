"""What request and answer models share.

A request is checked against its model and nothing else, and the words of a fault are made from the
JSON Schema that the OpenAPI document shows for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Final, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    TypeAdapter,
    ValidationError,
)
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from api.contract.faults import Faults, Place
from api.contract.parsing import parse_query

__all__ = [
    "AnswerModel",
    "BodyModel",
    "Described",
    "ParameterModel",
    "RequestModel",
    "Whole",
    "schema_of",
]

_LONGEST_NUMBER: Final = 9


class _Schema(GenerateJsonSchema):
    """JSON Schema without titles: the names of members say the same."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - the hook's form
        return False


def schema_of(model: type[BaseModel], mode: JsonSchemaMode = "validation") -> dict[str, Any]:
    """A model's JSON Schema (2020-12), models inside it below ``$defs``."""
    return model.model_json_schema(
        mode=mode, schema_generator=_Schema, ref_template="#/components/schemas/{model}"
    )


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


Whole = Annotated[int, BeforeValidator(_whole)]
"""An integer as JSON Schema means it: 5.0 is one."""


class RequestModel(BaseModel):
    """Values by name that a request gives; one that is ``None`` is left out."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True
    )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        made = handler.resolve_ref_schema(handler(core_schema))
        properties = made.get("properties", {})
        for name in properties.keys() - set(made.get("required", ())):
            properties[name] = cls._optional(properties[name])
        return made

    @classmethod
    def _optional(cls, schema: dict[str, Any]) -> dict[str, Any]:
        """The schema of a value that may be left out."""
        return schema

    @classmethod
    def checked(
        cls, values: dict[str, Any], place: Place = "body", faults: Faults | None = None
    ) -> Self:
        """A model of values by name.

        Args:
            faults: what is known to be wrong with them already.

        Raises:
            ProblemError: 422 with all that is wrong in them.
        """
        faults = faults or Faults(place)
        names = tuple(field.alias or name for name, field in cls.model_fields.items())
        faults.unknown(values, names)
        given = {
            name: value for name, value in values.items() if name in names and value is not None
        }
        try:
            made = cls.model_validate(given)
        except ValidationError as error:
            faults.take(error, _properties(cls), given)
            raise faults.problem() from None
        if faults.errors:
            raise faults.problem()
        return made


class BodyModel(RequestModel):
    """The members of a JSON object; ``null`` is the same as leaving a member out."""

    @classmethod
    def _optional(cls, schema: dict[str, Any]) -> dict[str, Any]:
        return _with_null(schema)


class ParameterModel(RequestModel):
    """The parameters of a query string, or headers: they have no ``null``."""

    @classmethod
    def _optional(cls, schema: dict[str, Any]) -> dict[str, Any]:
        return _without_null(schema)

    @classmethod
    def from_query(cls, query: bytes) -> Self:
        """Read a query string.

        Raises:
            ProblemError: 400 it is malformed; 422 with all that is wrong in it.
        """
        faults = Faults("query")
        kinds = _properties(cls)
        values: dict[str, Any] = {}
        for name, value in parse_query(query):
            if name in values:
                faults.add(name, "given more than once")
            values[name] = _json_value(value, kinds.get(name, {}).get("type"))
        return cls.checked(values, "query", faults)


class AnswerModel(BaseModel):
    """An answer, or a part of one; members with a default are only there where they are set."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, use_attribute_docstrings=True
    )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        made = handler.resolve_ref_schema(handler(core_schema))
        for schema in made.get("properties", {}).values():
            # Only says that it may be missing.
            schema.pop("default", None)
        return made

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return self.model_dump(mode="python", exclude_unset=True)


@dataclass(frozen=True, slots=True)
class Described:
    """Says that a value from the store has the JSON form of a class of the library.

    It is not checked: an older version of the service may have written it.

    Attributes:
        form: gives the class; only asked when the document is made.
    """

    form: Callable[[], type[Any]]

    def __get_pydantic_core_schema__(
        self, _source: Any, _handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.dict_schema(metadata={"pydantic_js_functions": [self._schema]})

    def _schema(self, _given: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(TypeAdapter(self.form()).core_schema)


@cache
def _properties(model: type[BaseModel]) -> Mapping[str, Any]:
    properties: dict[str, Any] = schema_of(model)["properties"]
    return properties


_ABOUT: Final = ("description", "default", "examples")


def _with_null(schema: dict[str, Any]) -> dict[str, Any]:
    if "anyOf" in schema:
        return schema
    about: dict[str, Any] = {name: schema[name] for name in _ABOUT if name in schema}
    value = {name: item for name, item in schema.items() if name not in _ABOUT}
    return {"anyOf": [value, {"type": "null"}], **about}


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    values = [value for value in schema.get("anyOf", ()) if value != {"type": "null"}]
    if len(values) != 1:
        return schema
    rest = {name: item for name, item in schema.items() if name != "anyOf"}
    if rest.get("default", "") is None:
        del rest["default"]
    return {**values[0], **rest}


def _json_value(text: str, kind: str | None) -> object:
    """The JSON value that a parameter stands for; what stands for none stays as it is."""
    match kind:
        case "array":
            return text.split(",")
        case "boolean":
            return {"true": True, "false": False}.get(text, text)
        case "integer" if text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER:
            return int(text)
        case _:
            return text
