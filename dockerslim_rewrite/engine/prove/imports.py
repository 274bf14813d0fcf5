"""Whether the packages of languages can be loaded, asked in the container as its own user.

Nothing of the project itself is imported; what is imported are installed packages, each in a process of its own. What
could not be loaded in the old image either is no news.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from ...record import record
from ..interface import RunOutcome

_PYTHON = r"""
import importlib.metadata as m, json, os, signal, sys, sysconfig
own = sysconfig.get_paths()["stdlib"]
found = {}
for d in m.distributions():
    name = (d.metadata["Name"] or "").lower()
    tops = (d.read_text("top_level.txt") or "").split()
    if not tops:
        tops = {f.parts[0].partition(".")[0] for f in (d.files or ())
                if f.suffix in (".py", ".so") and (len(f.parts) > 1 or f.suffix == ".py" or ".cpython" in f.name)}
    for top in tops:
        if top.isidentifier() and top not in ("tests", "test", "docs", "examples", "setup", "conftest"):
            found.setdefault(top, name)
out = {}
sys.argv = ["probe"]
for top, name in sorted(found.items()):
    r, w = os.pipe()
    pid = os.fork()
    if not pid:
        signal.alarm(60)
        null = os.open(os.devnull, os.O_RDWR)
        for n in (0, 1, 2):
            os.dup2(null, n)
        try:
            __import__(top)
            said = ""
        except BaseException as e:
            said = f"{type(e).__name__}: {e}"
        os.write(w, said.encode("utf-8", "replace")[:2000])
        os._exit(0)
    os.close(w)
    said = b""
    while True:
        block = os.read(r, 4096)
        if not block:
            break
        said += block
    os.close(r)
    status = os.waitpid(pid, 0)[1]
    out[f"{name}: {top}"] = f"ended by signal {status & 127}" if status & 127 else said.decode("utf-8", "replace")
print("\nDOCKERSLIM" + json.dumps(out))
"""
_NODE = r"""
const fs = require("fs"), path = require("path"), child = require("child_process");
const out = {};
let names = [];
try { names = Object.keys(JSON.parse(fs.readFileSync("package.json")).dependencies || {}); } catch (e) {}
for (const name of names) {
  const code = `import(${JSON.stringify(name)}).then(() => process.exit(0), e => {
    if (/^ERR_(MODULE_NOT_FOUND|PACKAGE_PATH_NOT_EXPORTED)$/.test(e.code) || /Cannot find module/.test(e.message)) {
      try { require(${JSON.stringify(name)}); process.exit(0); } catch (f) { e = f; } }
    console.error(String(e.message).split("\\n")[0]); process.exit(1); })`;
  const done = child.spawnSync(process.execPath, ["-e", code], { timeout: 60000, encoding: "utf8" });
  out[name] = done.status === 0 ? "" : String(done.stderr || done.signal).slice(0, 2000);
}
console.log("\nDOCKERSLIM" + JSON.stringify(out));
"""
_RUBY = r"""
require "json"
out = {}
Gem::Specification.each do |spec|
  next if spec.default_gem? || spec.extensions.empty?
  name = spec.name.tr("-", "/")
  said = IO.popen(["ruby", "-e", "begin; require ARGV[0]; rescue LoadError => e; print e.message; end", name], &:read)
  out[spec.name] = said.to_s
end
puts "\nDOCKERSLIM" + JSON.generate(out)
"""
_PHP = r"""
$out = [];
foreach (get_loaded_extensions() as $name) { $out[$name] = ""; }
echo "\nDOCKERSLIM" . json_encode($out) . "\n";
"""
_MARK = "\nDOCKERSLIM"


@record
class Probe:
    """A question to the image of one language: the ``command`` that prints for each package why it does not load.

    ``mark`` is a part of the paths that only images with such packages have.
    """

    language: str
    marks: tuple[str, ...]
    command: tuple[str, ...]


PROBES = (
    Probe("Python", ("/site-packages/", "/dist-packages/"), ("python3", "-B", "-c", _PYTHON)),
    Probe("Node", ("/node_modules/",), ("node", "-e", _NODE)),
    Probe("Ruby", ("/gems/specifications/", "/specifications/default/"), ("ruby", "-e", _RUBY)),
    Probe("PHP", ("/php/extensions/", "/lib/php/"), ("php", "-r", _PHP)),
)


def answer(outcome: RunOutcome) -> dict[str, str] | None:
    """What a probe printed: for each package why it does not load, empty where it does; None where it could not ask."""
    _, mark, text = outcome.stdout.rpartition(_MARK)
    if not mark:
        return None
    try:
        found = json.loads(text)
    except json.JSONDecodeError:
        return None
    # PHP writes an empty object as a list.
    return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}


def lost(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str]:
    """Packages that loaded *before* and do not *after*, with the reason; what is gone altogether too."""
    return {
        name: after.get(name, "is not there any more")
        for name, said in before.items()
        if not said and after.get(name, "is not there any more")
    }
