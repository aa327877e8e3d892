"""Reading what the user wrote: YAML, checked against a schema, with every fault told at once."""

import math
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any, cast

import jsonschema
import yaml

from infoplane.errors import ConfigError, raise_all
from infoplane.names import accepted

Settings = dict[str, Any]
SCHEMAS = Path(__file__).parents[1] / "schemas"


def read(path: Path) -> Settings:
    """Read a YAML file that holds a mapping.

    Raises
    ------
    ConfigError
        If the file is missing, is not YAML, repeats a key, or holds something else than a mapping.
    """
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read ({error}). Name a YAML file that exists.") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise ConfigError(f"{path}: is not valid YAML: {reason}") from error
    if not isinstance(content, dict):
        held = "nothing" if content is None else _shown(content)
        raise ConfigError(f"{path}: holds {held}; accepted: a mapping of keys to values")
    return cast(Settings, content)


def complete(settings: Mapping[str, Any], *, schema: str, origin: str) -> Settings:
    """Check settings against a schema and fill in its defaults.

    Parameters
    ----------
    settings
        As the user wrote them.
    schema
        Name of a file in workflow/schemas, without ``.schema.yaml``.
    origin
        The file that the settings come from, for messages.

    Raises
    ------
    ConfigError
        One message with every fault: key, value and what is accepted.
    """
    root = _schema(schema)
    raise_all(faults(settings, schema=schema), heading=origin, error=ConfigError)
    return cast(Settings, _with_defaults(deepcopy(dict(settings)), root, root))


def faults(settings: Mapping[str, Any], *, schema: str) -> list[str]:
    """Every fault of settings against a schema, one sentence each."""
    root = _schema(schema)
    found = [text for error in _validator(schema).iter_errors(settings) for text in _explained(error, root)]
    return sorted(set(found))


def merged(settings: Mapping[str, Any], changes: Mapping[str, Any]) -> Settings:
    """Settings with changes laid over them: mappings merge key by key, everything else is replaced."""
    result = dict(deepcopy(dict(settings)))
    for key, value in changes.items():
        both = isinstance(value, Mapping) and isinstance(result.get(key), Mapping)
        result[key] = merged(result[key], value) if both else deepcopy(value)
    return result


def with_value(settings: Mapping[str, Any], key: str, value: Any) -> Settings:
    """Settings in which a dotted key has a value."""
    first, _, rest = key.partition(".")
    inner = settings.get(first)
    result = dict(settings)
    result[first] = with_value(inner if isinstance(inner, Mapping) else {}, rest, value) if rest else value
    return result


def value_at(settings: Mapping[str, Any], key: str) -> Any:
    """Value of a dotted key; None where there is none."""
    value: Any = settings
    for part in key.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


_TELLING = ("spacing", "kind", "rule")  # keys whose value says which alternative of a oneOf is meant
_MERGE = "tag:yaml.org,2002:merge"
_MOST = 100_000  # values in a file, once its aliases are written out: a few lines of aliases can hold billions


class _Loader(yaml.SafeLoader):
    """Safe YAML of texts, numbers, truth values, lists and mappings only.

    A key that is given twice is an error, not a silent choice. As in YAML 1.2 a date is a text, 1e-3 is a number, and
    neither 010 nor 10:30 is one.
    """

    def get_single_node(self) -> yaml.Node | None:
        node = super().get_single_node()
        if node is not None and _values(node, {}) > _MOST:
            raise yaml.YAMLError(f"more than {_MOST:,} values, once its aliases are written out")
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value if key.tag != _MERGE]
        for index, key in enumerate(keys):
            if not isinstance(key, str):
                raise yaml.YAMLError(f"key {key!r}{node.start_mark} is not a string")
            if key in keys[:index]:
                raise yaml.YAMLError(f"key {key!r}{node.start_mark} is given twice")
        return super().construct_mapping(node, deep)

    def construct_scalar(self, node: yaml.ScalarNode | yaml.MappingNode) -> str:
        text = str(super().construct_scalar(node))
        text.encode()  # half a surrogate pair, which YAML can escape, could not be written anywhere
        return text


def _values(node: yaml.Node, known: dict[int, int]) -> int:
    """How many values there are in a node, each as often as it is referred to."""
    if id(node) not in known:
        known[id(node)] = 1  # a node within itself is told later
        inner = [part for pair in node.value for part in pair] if isinstance(node, yaml.MappingNode) else node.value
        parts = inner if isinstance(node, yaml.CollectionNode) else []
        known[id(node)] += sum(_values(part, known) for part in parts)
    return known[id(node)]


def _whole_list(loader: _Loader, node: yaml.SequenceNode) -> list[Any]:
    return list(loader.construct_sequence(node, deep=True))


def _whole_mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    return loader.construct_mapping(node, deep=True)


_PLAIN = ("null", "bool", "int", "float", "str", "seq", "map")
_Loader.yaml_constructors = {
    tag: made
    for tag, made in yaml.SafeLoader.yaml_constructors.items()
    if tag is None or tag.rpartition(":")[2] in _PLAIN
}
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in known if tag.rpartition(":")[2] not in {"timestamp", "int", "float"}]
    for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_NUMBERS = {
    "int": r"[-+]?(0|[1-9][0-9]*)$|0x[0-9a-fA-F]+$",
    "float": r"[-+]?(\d+\.\d*([eE][-+]?\d+)?|\.\d+([eE][-+]?\d+)?|\d+[eE][-+]?\d+|\.(inf|Inf|INF))$|\.(nan|NaN|NAN)$",
}
for _name, _pattern in _NUMBERS.items():
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_name}", re.compile(_pattern), list("-+.0123456789"))
# Made at once, and not when the whole is known: a list or mapping that lies within itself is then an error.
_Loader.add_constructor("tag:yaml.org,2002:seq", _whole_list)
_Loader.add_constructor("tag:yaml.org,2002:map", _whole_mapping)


@cache
def _schema(name: str) -> Settings:
    return cast(Settings, yaml.safe_load((SCHEMAS / f"{name}.schema.yaml").read_text(encoding="utf-8")))


@cache
def _validator(name: str) -> Any:
    """A validator in which 128.0 is no integer and neither nan nor inf is a number."""
    base = jsonschema.Draft202012Validator
    types = base.TYPE_CHECKER.redefine_many(
        {
            "integer": lambda _, value: _is_whole(value),
            "number": lambda _, value: _is_whole(value) or (isinstance(value, float) and math.isfinite(value)),
        }
    )
    extended: Any = jsonschema.validators.extend(base, type_checker=types)  # type: ignore[no-untyped-call]
    return extended(_schema(name))


def _is_whole(value: Any) -> bool:
    """Whether a value is a whole number, and one that arrays can hold."""
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63


def _explained(error: Any, root: Settings) -> Iterator[str]:
    """What a validation error means to the person who wrote the file."""
    key = _dotted(error.absolute_path)
    prefix = f"{key}." if key else ""
    match error.validator:
        case "additionalProperties" if isinstance(error.schema.get("additionalProperties"), bool):
            known = sorted(error.schema["properties"])
            for name in sorted(set(error.instance) - set(known), key=str):
                value = _shown(error.instance[name])
                yield f"key '{prefix}{name}' (value {value}) is not known; {accepted(name, known)}"
        case "required":
            for name in (name for name in error.validator_value if name not in error.instance):
                yield f"key '{prefix}{name}' is missing; accepted: {_accepted(error.schema['properties'][name], root)}"
        case "oneOf" if meant := _alternative(error.instance, error.schema, root):
            index = [_resolved(each, root) for each in error.schema["oneOf"]].index(meant)
            for inner in error.context:
                if inner.schema_path[0] == index:
                    yield from _explained(inner, root)
        case "oneOf" if isinstance(error.instance, dict) and (told := _told_by(error.schema, root)):
            name, values = told
            value = _shown(error.instance[name]) if name in error.instance else "missing"
            yield f"key '{prefix}{name}' is {value}; accepted: one of {', '.join(map(str, values))}"
        case "oneOf" if all("required" in each for each in error.schema["oneOf"]):
            names = ", ".join(each["required"][0] for each in error.schema["oneOf"])
            yield f"key '{key}' is {_shown(error.instance)}; accepted: a mapping with exactly one of the keys {names}"
        case "propertyNames" | "pattern" if "propertyNames" in error.absolute_schema_path:
            accepted_keys = "a dotted key below dataset, model or training"
            yield f"key '{prefix}{error.instance}' cannot be swept; accepted: {accepted_keys}"
        case "uniqueItems":
            twice = next(each for index, each in enumerate(error.instance) if each in error.instance[:index])
            yield f"key '{key}' has {_shown(twice)} more than once; accepted: each once"
        case "minProperties":
            yield f"key '{key}' is empty; accepted: at least {error.validator_value} in it, or no such key"
        case _:
            yield f"key '{key}' is {_shown(error.instance)}; accepted: {_accepted(error.schema, root)}"


def _alternative(value: Any, schema: Settings, root: Settings) -> Settings | None:
    """The alternative of a oneOf that the user must have meant: of the same type, and with the same key that tells."""
    kind = "object" if isinstance(value, dict) else "array" if isinstance(value, list) else "none"
    for each in (_resolved(each, root) for each in schema["oneOf"]):
        if each.get("type") == kind and all(value.get(key, default) in known for key, known, default in _telling(each)):
            return each
    return None


def _telling(alternative: Settings) -> Iterator[tuple[str, list[Any], Any]]:
    """Keys that tell alternatives apart, each with its accepted values and its default."""
    for key in _TELLING:
        if known := alternative.get("properties", {}).get(key):
            yield key, known["enum"], known.get("default")


def _told_by(schema: Settings, root: Settings) -> tuple[str, list[Any]] | None:
    """The key that tells the alternatives of a oneOf apart, and all that it may be."""
    told = [found for each in schema["oneOf"] for found in _telling(_resolved(each, root))]
    return (told[0][0], [value for _, known, _ in told for value in known]) if told else None


def _resolved(schema: Settings, root: Settings) -> Settings:
    reference = schema.get("$ref")
    return cast(Settings, root["$defs"][reference.rpartition("/")[2]]) if reference else schema


def _accepted(schema: Settings, root: Settings) -> str:
    """What a part of the schema accepts, in words."""
    schema = _resolved(schema, root)
    if "enum" in schema:
        return "one of " + ", ".join(str(each) for each in schema["enum"] if not isinstance(each, str) or each)
    if "oneOf" in schema and "type" not in schema:
        return ", or ".join(dict.fromkeys(_accepted(each, root) for each in schema["oneOf"]))
    words = {
        "object": "a mapping",
        "array": "a list",
        "string": "a text",
        "integer": "a whole number",
        "number": "a number",
        "boolean": "true or false",
        "null": "null",
    }
    text = words[schema["type"]]
    if schema["type"] == "array":
        text += f" of at least {schema.get('minItems', 0)}"
        text += f", each: {_accepted(schema['items'], root)}" if "items" in schema else ""
    if schema["type"] == "object" and "properties" in schema:
        text += f" with the keys {', '.join(sorted(schema['properties']))}"
    bounds = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<", "pattern": "matching"}
    limits = [f"{sign} {schema[name]}" for name, sign in bounds.items() if name in schema]
    return " ".join([text, *([" and ".join(limits)] if limits else [])])


def _with_defaults(value: Any, schema: Settings, root: Settings) -> Any:
    schema = _resolved(schema, root)
    if "oneOf" in schema and "properties" not in schema:
        chosen = _alternative(value, schema, root)
        return value if chosen is None else _with_defaults(value, chosen, root)
    if isinstance(value, dict):
        for name, inner in schema.get("properties", {}).items():
            if name not in value and "default" in inner:
                value[name] = deepcopy(inner["default"])
            if name in value:
                value[name] = _with_defaults(value[name], inner, root)
    elif isinstance(value, list) and "items" in schema:
        return [_with_defaults(each, schema["items"], root) for each in value]
    return value


def _dotted(path: Any) -> str:
    return ".".join(str(part) for part in path)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "…"
