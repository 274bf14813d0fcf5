"""Paths that code hands to libraries: what may be written there is the user's own, or the container stays root's."""

from __future__ import annotations

from pathlib import Path

import pytest

from dockerslim_rewrite import Options, Result, rewrite

PYTHON = {
    "boto3": 'import boto3\nboto3.client("s3").download_file("b", "k", "/data/x.bin")\n',
    "Google Cloud Storage": (
        "from google.cloud import storage\n"
        'storage.Client().bucket("b").blob("x").download_to_filename("/data/" + input())\n'
    ),
    "paramiko": (
        "import paramiko\ns = paramiko.SFTPClient.from_transport(paramiko.Transport(('h', 22)))\n"
        "s.get('/r/x', '/data/x')\n"
    ),
    "minio": 'from minio import Minio\nMinio("h").fget_object("b", "o", "/data/x")\n',
    "snapshot_download": 'import huggingface_hub\nhuggingface_hub.snapshot_download("x", local_dir="/data/m")\n',
    "from_pretrained": 'from transformers import AutoModel\nAutoModel.from_pretrained("x", cache_dir="/data/c")\n',
    "diskcache": 'import diskcache\ndiskcache.Cache("/data/c")\n',
    "h5py": 'import h5py\nh5py.File("/data/x.h5", "w")\n',
    "soundfile": 'import soundfile\nsoundfile.write("/data/x.wav", [1], 44100)\n',
    "yt_dlp": 'import yt_dlp\nyt_dlp.YoutubeDL({"outtmpl": "/data/%(id)s"}).download(["x"])\n',
    "chromadb": 'import chromadb\nchromadb.PersistentClient(path="/data/chroma")\n',
    "FAISS": 'from langchain_community.vectorstores import FAISS\nFAISS.from_texts([], None).save_local("/data/f")\n',
    "FPDF": 'from fpdf import FPDF\nFPDF().output("/data/x.pdf")\n',
    "GitPython": 'from git import Repo\nRepo.clone_from("https://h/x", "/data/repo")\n',
    "a library that nobody knows": 'import requests, unheard\nD = "/data"\nunheard.fetch_all(D)\n',
    "a path of the environment": (
        'import os\nfrom minio import Minio\nD = os.environ.get("D", "/data")\n'
        'Minio("h").fget_object("b", "o", D + "/x")\n'
    ),
    "an f-string": 'import boto3\nboto3.client("s3").get_into(f"/data/{input()}")\n',
}
NODE = {
    "multer": 'const u = require("multer")({dest: "/data/up"});\n',
    "multer on lines of its own": 'const u = require("multer")({\n  limits: 1,\n  dest: "/data/up",\n});\n',
    "sharp": 'require("sharp")("x").toFile("/data/x.png");\n',
    "Google Cloud Storage": (
        'const {Storage} = require("@google-cloud/storage");\n'
        'new Storage().bucket("b").file("f").download({destination: "/data/x"});\n'
    ),
}
QUIET = {
    "a file of the system": 'import requests\nprint(open("/etc/hosts").read())\n',
    "routes and addresses": (
        "import requests\nfrom flask import Flask, redirect\napp = Flask(__name__)\n"
        '@app.route("/data")\ndef f():\n    return redirect("/data/x")\n'
        'requests.get("http://h" + "/data")\n'
    ),
    "a comparison": 'import sys, requests\nif sys.argv[1] == "/data":\n    print("/data/x")\n',
    "a file that is only read": 'import requests, yaml\nprint(yaml.safe_load(open("/data/x.yaml")))\n',
}
ALL = [("app.py", name, code) for name, code in PYTHON.items()] + [
    ("app.js", name, code) for name, code in NODE.items()
]


def rewritten(root: Path, file: str, code: str, made: str = "", level: str = "aggressive") -> Result:
    program, base = ("python", "python:3.12-slim") if file == "app.py" else ("node", "node:22-slim")
    (root / file).write_text(code)
    text = f'FROM {base}\n{made}WORKDIR /app\nCOPY {file} .\nCMD ["{program}", "{file}"]\n'
    (root / "Dockerfile").write_text(text)
    result = rewrite(text, Options(level=level, select=("DS501",), context=root))
    assert result.bugs == ()
    return result


@pytest.mark.parametrize(("file", "name", "code"), ALL)
def test_an_empty_directory_that_the_file_makes_becomes_the_users(
    tmp_path: Path, file: str, name: str, code: str
) -> None:
    result = rewritten(tmp_path, file, code, "RUN mkdir /data\n")
    owned = [line for line in result.text.splitlines() if "chown " in line and "/data" in line.split()]
    assert "USER" not in result.text or len(owned) == 1, name


@pytest.mark.parametrize(("file", "name", "code"), ALL)
def test_a_directory_that_nothing_makes_becomes_the_users_or_is_doubted(
    tmp_path: Path, file: str, name: str, code: str
) -> None:
    result = rewritten(tmp_path, file, code, level="standard")
    owned = any("chown " in line and "/data" in line for line in result.text.splitlines())
    assert "USER" not in result.text or owned, name
    assert not any("needs root" in change.reason and "/data" not in change.reason for change in result.changes)


@pytest.mark.parametrize("name", QUIET)
def test_what_is_read_stays_as_it_is(tmp_path: Path, name: str) -> None:
    result = rewritten(tmp_path, "app.py", QUIET[name], level="standard")
    assert "USER" in result.text
    assert "chown" not in result.text


def test_a_relative_path_that_a_quiet_library_is_told_makes_the_folder_the_users(tmp_path: Path) -> None:
    code = 'import boto3\nboto3.resource("s3").Bucket("b").download_all_into("models/x.bin")\n'
    result = rewritten(tmp_path, "app.py", code, level="standard")
    assert "chown 10001:10001 /app" in result.text
