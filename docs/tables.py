"""Write what is generated from the code: artifacts in README.md, docs/settings.md, and options in docs/commands.md."""

import argparse
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from infoplane import commands, figures
from infoplane.schema import ARTIFACTS

ROOT = Path(__file__).parents[1]
SCHEMAS = ROOT / "workflow" / "schemas"
HELP = re.compile(r"(<!-- commands -->\n).*?(<!-- /commands -->)", flags=re.DOTALL)
MARKERS = re.compile(r"(<!-- artifacts -->\n).*?(<!-- /artifacts -->)", flags=re.DOTALL)


def artifacts() -> str:
    """Every artifact, as a Markdown table."""
    lines = ["| stage | writes, under `results/` | what it is |", "|---|---|---|"]
    lines += [f"| {each.stage} | `{each.path}` | {each.description} |" for each in ARTIFACTS.values()]
    return "\n".join(lines) + "\n"


def readme(text: str) -> str:
    """README.md with the table of artifacts as it is now."""
    return MARKERS.sub(lambda found: found.group(1) + artifacts() + found.group(2), text)


def helped(text: str) -> str:
    """docs/commands.md with the help of every command as it is now."""
    return HELP.sub(lambda found: found.group(1) + _commands() + found.group(2), text)


def _commands() -> str:
    """Every command: what its module says of it, and its options."""
    parts = []
    for command in commands.COMMANDS:
        name, parser = command.__name__.rpartition(".")[2], argparse.ArgumentParser(add_help=False)
        command.options(parser)
        rows = [f"| {_called(action)} | {_cell(str(action.help))} |" for action in parser._actions]
        said = str(command.__doc__).strip()
        parts.append(f"## `infoplane {name}`\n\n{said}\n\n| option | what it does |\n|---|---|\n" + "\n".join(rows))
    return "\n" + "\n\n".join(parts) + "\n\n"


def _called(action: argparse.Action) -> str:
    value = str(action.metavar) if action.nargs != 0 and action.metavar else ""
    names = action.option_strings or [value]
    return ", ".join(f"`{name} {value}`" if action.option_strings and value else f"`{name}`" for name in names)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def settings() -> str:
    """The page of all settings."""
    parts = ["# Settings", "Generated from the schemas by `make docs`."]
    for name, title in (("config", "config.yaml"), ("experiment", "An experiment")):
        schema = yaml.safe_load((SCHEMAS / f"{name}.schema.yaml").read_text())
        rows = ["| key | accepted | default | unit | what it is |", "|---|---|---|---|---|"]
        rows += [_row(key, each, schema) for key, each in _keys(schema, schema)]
        parts += [f"## {title}", "\n".join(rows)]
    parts.append(
        "A dataset or a model that names a `factory` takes further keys, the arguments of that function; a model that "
        "is named takes the options of its page in `workflow/infoplane/models`."
    )
    parts += ["## Figures", _figures()]
    return "\n\n".join(parts) + "\n"


def _figures() -> str:
    """Every figure with its options, as a Markdown table."""
    rows = ["| figure | what it shows | options |", "|---|---|---|"]
    for name in figures.names():
        options = (f"`{option}` ({known.accepts})" for option, known in figures.options(name).items())
        page = getattr(figures, name)
        after = f" ({page.after})" if page.after else ""
        rows.append(f"| `{name}` | {page.shows}{after} | {', '.join(options)} |")
    return "\n".join(rows)


def _keys(schema: dict[str, Any], root: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every key below a part of a schema, dotted; a star stands for the entries of a list."""
    for name, each in schema.get("properties", {}).items():
        key = f"{prefix}{name}"
        known = {**_resolved(each, root), **each}
        yield key, known
        yield from _keys(known, root, f"{key}.")
        for option in known.get("oneOf", []):
            yield from _keys(_resolved(option, root), root, f"{key}.")
        items = known.get("items", {})
        for option in (items, *items.get("oneOf", [])):
            yield from _keys(_resolved(option, root), root, f"{key}.*.")


def _row(key: str, schema: dict[str, Any], root: dict[str, Any]) -> str:
    default = yaml.safe_dump(schema["default"], default_flow_style=True, width=1000) if "default" in schema else ""
    cells = (
        f"`{key}`",
        _accepted(schema, root),
        f"`{default.removesuffix('...' + chr(10)).strip()}`" if default else "",
        schema.get("unit", ""),
        " ".join(schema.get("description", "").split()),
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _accepted(schema: dict[str, Any], root: dict[str, Any]) -> str:
    schema = _resolved(schema, root)
    if "enum" in schema:
        return ", ".join(f"`{each}`" for each in dict.fromkeys(map(str, schema["enum"])))
    if "oneOf" in schema and "type" not in schema:
        return ", or ".join(dict.fromkeys(_accepted(each, root) for each in schema["oneOf"]))
    if schema.get("type") == "array" and "items" in schema:
        return f"list of: {_accepted(schema['items'], root)}"
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    limits = [f"{sign} {schema[name]}" for name, sign in signs.items() if name in schema]
    words = {
        "object": "mapping",
        "array": "list",
        "string": "text",
        "integer": "whole number",
        "boolean": "true, false",
    }
    kind = schema.get("type", "anything")
    return " ".join([words.get(kind, kind), *limits])


def _resolved(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    reference = schema.get("$ref", "")
    return root["$defs"][reference.rpartition("/")[2]] if reference else schema


if __name__ == "__main__":
    page = ROOT / "README.md"
    page.write_text(readme(page.read_text()))
    (ROOT / "docs" / "settings.md").write_text(settings())
    own = ROOT / "docs" / "commands.md"
    own.write_text(helped(own.read_text()))
