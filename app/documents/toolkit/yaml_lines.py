"""YAML read into plain values with the line of each, so that a fault can be pointed at."""

import re
from dataclasses import dataclass

import yaml

Path = tuple[str | int, ...]

MOST_CHARACTERS = 200_000
MOST_LEVELS = 10
_WHOLE_NUMBER = re.compile(r"0|-?[1-9][0-9]{0,8}")
_WORDS = {"true": True, "false": False, "null": None, "": None}


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """What is wrong with a file, and on which line, counted from 1."""

    line: int
    detail: str


@dataclass(frozen=True, slots=True)
class YamlLines:
    """A YAML file's value, the line of every key and list entry in it, and what was wrong with it."""

    value: object
    lines: dict[Path, int]
    faults: tuple[Fault, ...]

    def line(self, path: Path) -> int:
        """The line of what is at the path or, where nothing is, of the nearest thing around it."""
        while path not in self.lines and path:
            path = path[:-1]
        return self.lines.get(path, 1)


def read_yaml(text: str) -> YamlLines:
    """Read one YAML document made of mappings, lists, texts, whole numbers, true, false and null.

    YAML's own guesses (yes is true, 010 is 8, 2006-09-01 is a date) do not apply: whatever is not
    plainly one of the above is text. Anchors, aliases and tags are refused, because with them
    the file is no longer what it looks like, and can be far larger.
    """
    if len(text) > MOST_CHARACTERS:
        return _unreadable([Fault(1, f"longer than {MOST_CHARACTERS:,} characters; shorten the file")])
    try:
        if faults := _forbidden(text):
            return _unreadable(faults)
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        return _unreadable([_syntax_fault(error, text)])
    if root is None:
        return _unreadable([Fault(1, "the file is empty")])
    lines: dict[Path, int] = {}
    value = _plain(root, (), lines, faults)
    return YamlLines(value, lines, tuple(faults))


def _unreadable(faults: list[Fault]) -> YamlLines:
    return YamlLines(None, {}, tuple(faults))


def _forbidden(text: str) -> list[Fault]:
    """Looks at the stream of events, before anything nested is built from it."""
    faults: list[Fault] = []
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        line = _line(event)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MOST_LEVELS:
            return [*faults, Fault(line, f"nested more than {MOST_LEVELS} levels deep; flatten it")]
        if isinstance(event, yaml.AliasEvent):
            faults.append(Fault(line, f"*{event.anchor} is an alias; write its value out instead"))
        elif anchor := getattr(event, "anchor", None):
            faults.append(Fault(line, f"&{anchor} is an anchor; remove it"))
        if tag := getattr(event, "tag", None):
            faults.append(Fault(line, f"{tag} is a tag; remove it"))
    return faults


def _line(part: yaml.Event | yaml.Node) -> int:
    return part.start_mark.line + 1 if part.start_mark else 1


def _syntax_fault(error: Exception, text: str) -> Fault:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        return Fault(error.problem_mark.line + 1, f"this is not YAML: {error.problem}")
    if isinstance(error, yaml.reader.ReaderError):
        line = text.count("\n", 0, error.position) + 1
        return Fault(line, f"this is not YAML: character U+{error.character:04X} is not allowed")
    return Fault(1, "this is not YAML: it holds an escape or a number that is out of range")


def _plain(node: yaml.Node, path: Path, lines: dict[Path, int], faults: list[Fault]) -> object:
    lines.setdefault(path, _line(node))
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, lines, faults)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(entry, (*path, index), lines, faults) for index, entry in enumerate(node.value)]
    text: str = node.value.strip()
    is_quoted = isinstance(node, yaml.ScalarNode) and node.style is not None
    if not is_quoted and text in _WORDS:
        return _WORDS[text]
    return int(text) if not is_quoted and _WHOLE_NUMBER.fullmatch(text) else text


def _mapping(node: yaml.MappingNode, path: Path, lines: dict[Path, int], faults: list[Fault]) -> dict[str, object]:
    entries: dict[str, object] = {}
    for key_node, value_node in node.value:
        line = _line(key_node)
        key = key_node.value
        if not isinstance(key, str):
            faults.append(Fault(line, "a list or mapping is used as a key; use a text"))
        elif key in entries:
            faults.append(Fault(line, f"the key {key[:40]!r} appears twice; keep one"))
        else:
            # The key's line, and not the value's, is where a reader looks for the field.
            lines[(*path, key)] = line
            entries[key] = _plain(value_node, (*path, key), lines, faults)
    return entries
