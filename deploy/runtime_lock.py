"""Print the runtime part of requirements.lock, so that the image contains no development tools.

A second lock could disagree with the first. Each entry names its requirers ("via"), so the runtime part follows from
[project.dependencies] and the runtime extras without a package index.

    python runtime_lock.py                the entries that the services need
    python runtime_lock.py setuptools     only the entries of these distributions
"""  # noqa: INP001  a script, not part of a package

import re
import sys
import tomllib
from pathlib import Path
from typing import Any

FOR_DEVELOPERS = "dev"
"""The extra that the image leaves out. Settings may need the others: `LIMITS_URL=redis://...`."""
ENTRY = re.compile(r"^([a-z0-9][a-z0-9-]*)==.+(?:\n[ ]+.*)*", re.MULTILINE)
VIA = re.compile(r"^ +#(?: via| {2}) *(\S.*)$", re.MULTILINE)


def normal(requirement: str) -> str:
    """Return the name in a requirement as the lock spells it: `pyjwt` for `PyJWT[crypto]>=2.10`."""
    name = re.split(r"[^\w.-]", requirement, maxsplit=1)[0]
    return re.sub(r"[-_.]+", "-", name).lower()


def entries(lock: str) -> dict[str, str]:
    """Return the lock's entries, with their hashes, by name."""
    return {match[1]: match[0] for match in ENTRY.finditer(lock)}


def asked(project: dict[str, Any]) -> set[str]:
    """Return the dependencies in `[project]`, with every extra except the development extra."""
    extras = project["optional-dependencies"]
    lists = [project["dependencies"], *(names for extra, names in extras.items() if extra != FOR_DEVELOPERS)]
    return {normal(requirement) for names in lists for requirement in names}


def needed(lock: str, project: dict[str, Any]) -> dict[str, str]:
    """Return the entries of these dependencies and of their own dependencies."""
    known, wanted = entries(lock), asked(project)
    before = 0
    while len(wanted) > before:
        before = len(wanted)
        wanted |= {name for name, entry in known.items() if wanted.intersection(VIA.findall(entry))}
    missing = wanted - known.keys()
    if missing:
        raise SystemExit(f"requirements.lock lacks {', '.join(sorted(missing))}: run `make lock`")
    return {name: known[name] for name in sorted(wanted)}


def main() -> None:
    """Print the selected entries."""
    lock, only = Path("requirements.lock").read_text(), sys.argv[1:]
    project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
    chosen = {name: entries(lock)[name] for name in only} if only else needed(lock, project)
    sys.stdout.write("\n".join(chosen.values()) + "\n")


if __name__ == "__main__":
    main()
