"""Prints the part of requirements.lock that a running service needs, so that the image holds no tools of developers.

There is one lock for everybody, and a second one could disagree with it. Each of its entries says who wants it ("via"),
so what follows from [project.dependencies], and from the extras for running, can be told without asking anyone.

    python runtime_lock.py                the lines for the services
    python runtime_lock.py setuptools     the lines of these distributions only
"""  # noqa: INP001  a script, not part of a package

import re
import sys
import tomllib
from pathlib import Path
from typing import Any

FOR_DEVELOPERS = "dev"
"""The extra that the image is without. The others are in it, since settings ask for them: `LIMITS_URL=redis://...`."""
ENTRY = re.compile(r"^([a-z0-9][a-z0-9-]*)==.+(?:\n[ ]+.*)*", re.MULTILINE)
VIA = re.compile(r"^ +#(?: via| {2}) *(\S.*)$", re.MULTILINE)


def normal(requirement: str) -> str:
    """The name in a requirement, spelled as in the lock: `PyJWT[crypto]>=2.10` is `pyjwt`."""
    name = re.split(r"[^\w.-]", requirement, maxsplit=1)[0]
    return re.sub(r"[-_.]+", "-", name).lower()


def entries(lock: str) -> dict[str, str]:
    """The lock's entries, with their hashes, by name."""
    return {match[1]: match[0] for match in ENTRY.finditer(lock)}


def asked(project: dict[str, Any]) -> set[str]:
    """What `[project]` asks for a running service, with every extra but that of developers."""
    extras = project["optional-dependencies"]
    lists = [project["dependencies"], *(names for extra, names in extras.items() if extra != FOR_DEVELOPERS)]
    return {normal(requirement) for names in lists for requirement in names}


def needed(lock: str, project: dict[str, Any]) -> dict[str, str]:
    """The entries of what `[project]` asks for, and of all that they want in turn."""
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
    """Print the entries asked for."""
    lock, only = Path("requirements.lock").read_text(), sys.argv[1:]
    project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
    chosen = {name: entries(lock)[name] for name in only} if only else needed(lock, project)
    sys.stdout.write("\n".join(chosen.values()) + "\n")


if __name__ == "__main__":
    main()
