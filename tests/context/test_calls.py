"""Calls that write, by the text of one source: ``?`` is a path that the code computes, ``/*`` a name in a folder."""

from __future__ import annotations

import time

import pytest

from dockerslim_rewrite.context.calls import calls, shown
from dockerslim_rewrite.knowledge.writing_calls import writing_calls


def written(language: str, text: str) -> list[str]:
    words = writing_calls(language)
    assert words is not None
    places = [call.place for call in calls(text, words)]
    return [place.path or (f"{place.folder}/*" if place.folder else "?") for place in places]


@pytest.mark.parametrize(
    ("language", "text", "places"),
    [
        ("node", 'fs.openSync(process.env.D,"a")', ["?"]),
        ("node", 'fs.open(process.env.D,"w",()=>{})', ["?"]),
        ("node", "fs.open(p,cb)", ["?"]),
        ("node", 'fs.openSync("x","r")', []),
        ("node", 'fs.cpSync("a","/etc/x")', ["/etc/x"]),
        ("node", 'const {writeFileSync:w}=fs; w(process.env.D,"x")', ["?"]),
        ("node", 'import {writeFile as w} from "fs";\nw(a)', ["?"]),
        ("node", 'const w = fs.writeFileSync;\nw("/a/b")', ["/a/b"]),
        ("node", 'require("fs").promises.open(x,"w")', ["?"]),
        ("node", 'const fp=require("fs").promises; fp.open(x,"w")', ["?"]),
        ("node", 'import {promises as g} from "fs"\ng.open(x,"w")', ["?"]),
        ("node", 'const w=require("util").promisify(fs.writeFile);w(z)', ["?"]),
        ("node", "[1].forEach(fs.unlinkSync)", ["?"]),
        ("node", 'const q=require("fs-extra");q.move("/app/a", path.join("/data", x))', ["/app/a", "/data/*"]),
        ("node", 'fs.writeFileSync("up/"+x,"y")', ["up/*"]),
        ("node", "fs.writeFileSync(path.join(os.tmpdir(),x))", ["/tmp/*"]),
        ("node", 'xhr.open("GET",u)', []),
        ("node", 'fs.renameSync("/app/i.js","/srv/b")', ["/app/i.js", "/srv/b"]),
        ("node", 'fs.symlinkSync("a","/usr/x")', ["/usr/x"]),
        ("node", "fs[n](x)", ["?"]),
        ("node", 'fs["writeFileSync"](x)', ["?"]),
        ("node", 'const {writeFile} = require("fs/promises")\nawait writeFile(\n  `/data/${x}`,\n y)', ["/data/*"]),
        ("node", "// fs.writeFileSync(x)", []),
        ("node", 'const writeFile = require("fs").writeFile', []),
        ("node", 'require("fs").writeFileSync(p)', ["?"]),
        ("node", 'const {open} = require("node:fs/promises"); open(x,"w"); open(x)', ["?"]),
        ("node", "process.stdout.write(x)", []),
        ("node", "fs.read(fd, x)", []),
        ("node", "fs.createReadStream(x)", []),
        ("node", "const fd = 3; fs.write(fd, x)", []),
        ("node", 'fs["readFileSync"](x)', []),
        ("node", "function rename(a) {}", []),
        ("node", 'import fs from "fs";\nimport x from "y";\nx.copy(a, b)', []),
        ("node", 'fs.copyFileSync("a", `${b}/c`)', ["?"]),
        ("node", 'fs.linkSync(a, "/data/b")', ["/data/b"]),
        ("node", "fs.writeFile(...all)", ["?"]),
        ("node", 'import w, {writeFile as v} from "node:fs/promises"\nv("/tmp/x")', ["/tmp/x"]),
        ("go", 'os.OpenFile(os.Getenv("DB"),os.O_CREATE|os.O_RDWR,0600)', ["?"]),
        ("go", "os.OpenFile(x, os.O_RDONLY, 0)", []),
        ("go", 'import fsys "os"\nfsys.Create(x)', ["?"]),
        ("go", "f := os.Create\nf(x)", ["?"]),
        ("go", 'os.CreateTemp("", "x")', ["/tmp/*"]),
        ("go", 'net.Listen("unix", x)', ["?"]),
        ("go", 'net.Listen("tcp", x)', []),
        ("go", 'os.Rename("/a/b","/c/d")', ["/a/b", "/c/d"]),
        ("go", 'os.WriteFile(filepath.Join("/data", n), b, 0600)', ["/data/*"]),
        ("go", 'os.Create("/tmp/x")', ["/tmp/x"]),
        ("go", "os.Open(x)", []),
        ("go", 'os.Symlink("a", os.Getenv("B"))', ["?"]),
        ("go", 's := "os.Create fails"', []),
        ("go", 'import . "os"\nCreate(x)', ["?"]),
        ("go", "c.SaveUploadedFile(f, dst)", ["?"]),
        ("go", 'os.OpenFile("/data/x", flags, 0600)', ["/data/x"]),
        ("go", "func Create(x string) {}", []),
        ("go", "net.Listen(n, a)", ["?"]),
        ("ruby", 'File.open(ENV["X"], "w") do |f|', ["?"]),
        ("ruby", "File.open(x)", []),
        ("ruby", 'File.open x, "rb"', []),
        ("ruby", 'FileUtils.mkdir_p Rails.root.join("x")', ["?"]),
        ("ruby", 'FileUtils.cp a, "/etc/x"', ["/etc/x"]),
        ("ruby", "F = File\nF.write(x)", ["?"]),
        ("ruby", "Logger.new(STDOUT)", []),
        ("ruby", 'Logger.new(ENV["L"])', ["?"]),
        ("ruby", 'File.open(x, mode: "w")', ["?"]),
        ("ruby", "FileUtils.pwd", []),
        ("ruby", 'open(x, "w")', ["?"]),
        ("ruby", "def open(a, b)", []),
        ("ruby", 'File.write("/srv/#{x}", y)', ["/srv/*"]),
        ("ruby", 'File.open(x, "r:UTF-8")', []),
        ("ruby", 'File.open(x, encoding: "utf-8")', []),
        ("ruby", 'FileUtils.mv "/data/a", to', ["/data/a", "?"]),
        ("ruby", 'File.symlink("a", "/data/b")', ["/data/b"]),
        ("ruby", "FileUtils.ln_s(a, b)", ["?"]),
        ("ruby", "File.read(x)", []),
        ("ruby", "# File.write(x)", []),
        ("ruby", 'UNIXServer.new(ENV["S"])', ["?"]),
        ("php", 'fopen($x, "w")', ["?"]),
        ("php", 'fopen($x,"r")', []),
        ("php", "fopen($x, $m)", ["?"]),
        ("php", 'copy("a","/etc/x")', ["/etc/x"]),
        ("php", 'file_put_contents("/data/$x", 1)', ["/data/*"]),
        ("php", 'rename("/a/b", $c)', ["/a/b", "?"]),
        ("php", "use function file_put_contents as w;\nw($x);", ["?"]),
        ("php", "public function copy($x)", []),
        ("php", 'move_uploaded_file($a, "/data/b")', ["/data/b"]),
        ("php", 'fopen("php://stdout", "w")', []),
        ("php", 'symlink("/data/a", $b)', ["?"]),
        ("php", "$x->touch()", ["?"]),
        ("php", 'tempnam(sys_get_temp_dir(), "a")', ["/tmp/*"]),
        ("php", "imagepng($im)", []),
        ("java", "new FileWriter(p)", ["?"]),
        ("java", 'Files.write(Paths.get("/data/x"), b)', ["/data/x"]),
        ("java", "Files.copy(in, target)", ["?"]),
        ("java", "import static java.nio.file.Files.*;\nwrite(p, b);", ["?"]),
        ("java", 'new RandomAccessFile(f, "r")', []),
        ("java", 'new RandomAccessFile(f, "rw")', ["?"]),
        ("java", 'new FileOutputStream(new File("/tmp/x"))', ["/tmp/x"]),
        ("java", "import java.nio.file.Files", []),
        ("java", 'Files.move(a, Path.of("/data/b"))', ["?", "/data/b"]),
        ("java", "Files.createLink(a, b)", ["?"]),
        ("java", "Files.readAllBytes(a)", []),
        ("java", "FileUtils.copyFile(a, b)", ["?"]),
        ("java", "import java.nio.file.Files as F\nF.write(a, b)", ["?"]),
        ("java", "Files.newInputStream(p)", []),
        ("dotnet", "File.WriteAllText(p, x)", ["?"]),
        ("dotnet", "File.OpenRead(p)", []),
        ("dotnet", "File.Open(p, FileMode.Open, FileAccess.Read)", []),
        ("dotnet", "new FileStream(p, FileMode.Open)", ["?"]),
        ("dotnet", "new FileStream(p, FileMode.Open, FileAccess.Read)", []),
        ("dotnet", "using F = System.IO.File;\nF.Delete(x);", ["?"]),
        ("dotnet", "using static System.IO.File;\nWriteAllText(x, y);", ["?"]),
        ("dotnet", 'File.Copy("a", "/etc/x")', ["/etc/x"]),
        ("dotnet", 'new StreamWriter("/tmp/x")', ["/tmp/x"]),
        ("dotnet", 'Directory.CreateDirectory(Path.Combine("/data", x))', ["?"]),
        ("dotnet", 'Directory.CreateDirectory(Path.Combine("/data", "x"))', ["/data/x"]),
        ("dotnet", 'File.Move("/data/a", b)', ["/data/a", "?"]),
        ("dotnet", 'await File.WriteAllTextAsync("/data/a", b)', ["/data/a"]),
        ("dotnet", "Directory.Exists(x)", []),
        ("rust", 'fs::copy("a","/etc/x")', ["/etc/x"]),
        ("rust", "File::create(p)", ["?"]),
        ("rust", "File::open(p)", []),
        ("rust", "use std::fs::write as w;\nw(p)", ["?"]),
        ("rust", "use std::fs as f;\nf::write(p)", ["?"]),
        ("rust", "use std::fs::{self, rename as r};\nr(a,b)", ["?", "?"]),
        ("rust", "use std::fs as g;", []),
        ("rust", "UnixListener::bind(p)", ["?"]),
        ("rust", "map.map(fs::remove_file);", ["?"]),
        ("rust", 'std::fs::rename("/data/a", b)', ["/data/a", "?"]),
        ("rust", "use std::fs::*;\nwrite(p, b);", ["?"]),
        ("rust", "fs::read(p)", []),
        ("rust", "tokio::fs::write(p, b)", ["?"]),
        ("rust", "symlink(a, b)", []),
        ("rust", "use std::os::unix::fs::symlink;\nsymlink(a, b)", ["?"]),
        ("rust", 'fs::hard_link(a, "/data/b")', ["/data/b"]),
        ("rust", "use std::fs::write;\n", []),
        ("java", "import static java.nio.file.Files.write;\n", []),
        ("node", 'import {unlink, writeFile} from "fs"\n', []),
        ("node", "pool.run(fs.unlink, x)", ["?"]),
        ("node", 'const {unlink} = require("fs"); all.map(unlink)', ["?"]),
        ("c", 'fopen(p, "r")', []),
        ("c", "fopen(p, m)", ["?"]),
        ("c", 'rename("/a/b","/c/d")', ["/a/b", "/c/d"]),
        ("c", "open(p)", []),
        ("c", 'symlink("a", "/data/b")', ["/data/b"]),
        ("c", "link(a, b);", ["?"]),
        ("c", 'fopen("/tmp/x", "w")', ["/tmp/x"]),
        ("c", 'fopen(p, "rb")', []),
        ("c", 'fopen(p, "r+")', ["?"]),
    ],
)
def test_calls(language: str, text: str, places: list[str]) -> None:
    assert written(language, text) == places


def test_what_the_code_says_is_shown() -> None:
    assert shown("process.env.D") == "wherever process.env.D says"
    assert shown("") == "a path that the code computes"
    assert len(shown("x" * 1000)) < 80


@pytest.mark.parametrize(
    "text", ["fs.open(", "{writeFile:", "fs[", "fs.writeFile(a, ", "const w = fs.writeFile;\n", "a=fs;"]
)
def test_long_sources_take_no_longer_than_they_are(text: str) -> None:
    words = writing_calls("node")
    assert words is not None
    start = time.perf_counter()
    list(calls(text * (200_000 // len(text)), words))
    assert time.perf_counter() - start < 10
