"""Prints the part of requirements.lock that a running service needs, so that the image holds no tools of developers.

There is one lock for everybody, and a second one could disagree with it. Each of its entries says who wants it ("via"),
so what follows from [project.dependencies] can be told without asking anyone.

    python runtime_lock.py                the lines for the services
    python runtime_lock.py setuptools     the lines of these distributions only
"""  # noqa: INP001  a script, not part of a package

import re
import sys
import tomllib
from pathlib import Path

PROJECT = "matron (pyproject.toml)"
ENTRY = re.compile(r"^([a-z0-9][a-z0-9-]*)==.+(?:\n[ ]+.*)*", re.MULTILINE)
VIA = re.compile(r"^ +#(?: via| {2}) *(\S.*)$", re.MULTILINE)


def normal(requirement: str) -> str:
    """The name in a requirement, spelled as in the lock: `PyJWT[crypto]>=2.10` is `pyjwt`."""
    name = re.split(r"[^\w.-]", requirement, maxsplit=1)[0]
    return re.sub(r"[-_.]+", "-", name).lower()


def entries(lock: str) -> dict[str, str]:
    """The lock's entries, with their hashes, by name."""
    return {match[1]: match[0] for match in ENTRY.finditer(lock)}


def needed(lock: str, dependencies: list[str]) -> dict[str, str]:
    """The entries of these dependencies and of all that they want in turn."""
    known = entries(lock)
    wanted = {normal(dependency) for dependency in dependencies}
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
    chosen = {name: entries(lock)[name] for name in only} if only else needed(lock, project["dependencies"])
    sys.stdout.write("\n".join(chosen.values()) + "\n")


if __name__ == "__main__":
    main()
