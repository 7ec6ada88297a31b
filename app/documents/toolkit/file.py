"""A toolkit version read from its YAML file: taken whole, or refused whole with every fault named."""

from app.documents.toolkit.checks import findings
from app.documents.toolkit.entries import ToolkitEntry, entry_findings
from app.documents.toolkit.yaml_lines import Fault, Path, YamlLines, read_yaml
from app.rules.toolkit import Toolkit, toolkit_from_document

__all__ = ["Fault", "ToolkitFileFault", "read_toolkit"]


class ToolkitFileFault(Exception):
    """A toolkit file that cannot be taken; its text is one fault a line."""

    def __init__(self, name: str, faults: tuple[Fault, ...]) -> None:
        super().__init__("\n".join(f"{name}, line {fault.line}: {fault.detail}" for fault in faults))
        self.name = name
        self.faults = faults


def read_toolkit(text: str, *, name: str) -> Toolkit:
    """The toolkit that the file's text defines, its sections in number order.

    `name` is the file's name, for messages. Raises ToolkitFileFault with every fault in line order.
    A minimum other than the first toolkit's is no fault: another version may set its own.
    """
    file = read_yaml(text)
    if not file.lines:
        raise ToolkitFileFault(name, file.faults)
    found = [*entry_findings(file.value), *findings(file.value)]
    faults = {*file.faults, *(Fault(file.line(path), _located(file, path, detail)) for path, detail in found)}
    if faults:
        raise ToolkitFileFault(name, tuple(sorted(faults)))
    document = ToolkitEntry.model_validate(file.value).model_dump(mode="json")
    document["sections"].sort(key=lambda section: section["number"])
    return toolkit_from_document(document)


def _located(file: YamlLines, path: Path, detail: str) -> str:
    """Lists are counted from 1 for the reader, and a section goes by its number where it has one."""
    words = [f"entry {step + 1}" if isinstance(step, int) else step for step in path]
    match file.value, path:
        case {"sections": list(sections)}, ("sections", int(index), *rest):
            match sections[index]:
                case {"number": int(number)} if not isinstance(number, bool):
                    words[: 3 if rest == ["number"] else 2] = [f"section {number}"]
    return f"{', '.join(words) or 'the file'} {detail}"
