"""`make audit`: is anything known against what is installed? Needs the network; it is no part of the tests.

Asks pip-audit about every Python package of the virtual environment (the advisories of PyPI and of OSV) and npm about
package-lock.json. Ends with 0 when nothing is known, 1 when something is, 2 when it could not be asked.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PIP_AUDIT = "pip-audit==2.10.1"
NOTHING, KNOWN, NOT_ASKED = 0, 1, 2
SECONDS = 600


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS)


def last_words(done: subprocess.CompletedProcess[str]) -> str:
    """What a program said at the end, for a person."""
    lines = [line.strip() for line in (done.stderr + "\n" + done.stdout).splitlines()]
    return next((line for line in reversed(lines) if line and "complete log" not in line), "it said nothing")


def python(folder: Path, installed: str) -> int:
    """Audits the packages in `installed` (a site-packages folder) with a pip-audit of its own in `folder`, so that it
    is not itself among them."""
    tool = folder / "bin/pip-audit"
    if not tool.exists():
        venv.create(folder, with_pip=True, clear=True)
        done = run(folder / "bin/python", "-m", "pip", "install", "-q", "--disable-pip-version-check", PIP_AUDIT)
        if done.returncode:
            shutil.rmtree(folder)
            return not_asked("Python", f"{PIP_AUDIT} can't be installed: {last_words(done)}")
    worst = NOTHING
    for service in ("pypi", "osv"):
        done = run(
            tool,
            "--path",
            installed,
            "--vulnerability-service",
            service,
            "--format",
            "json",
            "--progress-spinner",
            "off",
        )
        worst = max(worst, judge_python(service, done))
    return worst


def judge_python(service: str, done: subprocess.CompletedProcess[str]) -> int:
    """What pip-audit's answer means; a package that it could not ask about is not a clean one."""
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return not_asked(f"Python ({service})", last_words(done))
    unknown = [package for package in packages if "skip_reason" in package]
    bad = [package for package in packages if package.get("vulns")]
    for package in bad:
        for one in package["vulns"]:
            fixed = ", ".join(one.get("fix_versions", [])) or "no version yet"
            print(f"Python ({service}): {package['name']} {package['version']}: {one['id']}, mended in {fixed}.")
    if bad:
        return KNOWN
    if unknown or not packages:
        reason = unknown[0]["skip_reason"] if unknown else "no package was found"
        return not_asked(f"Python ({service})", f"{len(unknown)} of {len(packages)} packages: {reason}")
    print(f"Python ({service}): nothing is known against {len(packages)} packages.")
    return NOTHING


def javascript() -> int:
    """Audits package-lock.json: what is vendored (static/vendor), and what builds and tests."""
    npm = shutil.which("npm")
    if not npm:
        return not_asked("JavaScript", "npm is not installed")
    return judge_javascript(run(npm, "audit", "--package-lock-only", "--json"))


def judge_javascript(done: subprocess.CompletedProcess[str]) -> int:
    """What npm's answer means."""
    try:
        said = json.loads(done.stdout)
        found = said["vulnerabilities"]
    except (ValueError, KeyError, TypeError):
        return not_asked("JavaScript", last_words(done))
    for name, one in sorted(found.items()):
        print(f"JavaScript: {name} {one.get('range', '')}: {one.get('severity', 'unknown')}.")
    if found:
        return KNOWN
    print("JavaScript: nothing is known against package-lock.json.")
    return NOTHING


def not_asked(what: str, why: str) -> int:
    print(f"{what}: NOT CHECKED, which is not the same as clean. Is there no network? ({why})")
    return NOT_ASKED


def main() -> int:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / ".venv/audit"
    results = {python(folder, sysconfig.get_paths()["purelib"]), javascript()}
    # Something known matters more than something not asked.
    return KNOWN if KNOWN in results else max(results)


if __name__ == "__main__":
    sys.exit(main())
