"""Places that whoever starts the container gives in a variable: the program may hand them to what writes there."""

from __future__ import annotations

from pathlib import Path

import pytest

from dockerslim_rewrite.knowledge.place_variables import names_place
from tests.context.test_follow import behaviour

STARTS = {"a.js": "node a.js", "main.go": "/app", "app.rb": "ruby app.rb", "x.php": "php x.php", "m.py": "python m.py"}


def written(tmp_path: Path, name: str, text: str) -> list[str]:
    dockerfile = f"FROM a\nWORKDIR /src\nCOPY . .\nRUN go build -o /app .\nCMD {STARTS[name]}\n"
    found = behaviour(tmp_path, dockerfile, {name: text})
    return [write.written for write in found.writes if write.path is None and write.folder is None]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.js", 'const D = require("better-sqlite3"); new D(process.env.DB_PATH)', "wherever DB_PATH says"),
        ("a.js", "const up = multer({ dest: process.env['UPLOADS'] })", "wherever UPLOADS says"),
        ("a.js", "const { PORT, DATA_DIR } = process.env;\nstore(DATA_DIR)", "wherever DATA_DIR says"),
        ("a.js", "open(process.env.DATABASE_URL); require('sqlite3')", "wherever DATABASE_URL says"),
        ("main.go", 'func main() { bolt.Open(os.Getenv("STORE"), 0600, nil) }', "wherever STORE says"),
        ("main.go", 'type C struct {\n\tData string `env:"DATA_DIR"`\n}', "wherever DATA_DIR says"),
        ("app.rb", "PStore.new(ENV.fetch('STORE_FILE'))", "wherever STORE_FILE says"),
        ("x.php", "<?php\nnew StreamHandler(getenv('LOG_FILE'));", "wherever LOG_FILE says"),
        ("m.py", "import os, peewee\npeewee.SqliteDatabase(os.environ['DB_FILE'])", "wherever DB_FILE says"),
        ("m.py", "import os, sqlite_utils\nopen_it(os.getenv('DATABASE_URL'))", "wherever DATABASE_URL says"),
        ("m.py", "class Settings(BaseSettings):\n    upload_dir: str", "wherever upload_dir says"),
        ("m.py", "import os\ngetattr(os, name)(path)", "a path that the code computes"),
        ("m.py", "import fileinput\nfileinput.input(name, inplace=True)", "a path that the code computes"),
    ],
)
def test_a_variable_may_name_the_place_that_something_writes(tmp_path: Path, name: str, text: str, said: str) -> None:
    assert said in written(tmp_path, name, text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.js", "app.listen(process.env.PORT); connect(process.env.MONGO_URL, process.env.JWT_SECRET)"),
        ("a.js", "if (process.env.NODE_ENV === 'production') fs.readFileSync(process.env.DATA_FILE)"),
        ("a.js", "open(process.env.DATABASE_URL)"),
        ("a.js", "https.createServer({ key: process.env.TLS_KEY_FILE })"),
        ("main.go", 'func main() { os.ReadFile(os.Getenv("DATA_FILE")); run(os.Getenv("API_TOKEN")) }'),
        ("m.py", "import os\nopen(os.environ['DATA_FILE'])\nint(os.environ['SPACE'])"),
        ("m.py", "import os, sqlite_utils, psycopg2\nopen_it(os.getenv('DATABASE_URL'))"),
        ("m.py", "import fileinput\nfileinput.input(name)"),
        ("m.py", "class Settings(BaseSettings):\n    spaces: int\n    prefix: str = '/'"),
        ("m.py", "import os\ngetattr(os, 'getpid')()\ngetattr(own, name)()"),
    ],
)
def test_what_is_no_place_or_only_read_is_none(tmp_path: Path, name: str, text: str) -> None:
    assert written(tmp_path, name, text) == []


@pytest.mark.parametrize("name", ["UPLOAD_DIR", "uploadDir", "DB", "X", "LOG_FILE", "CACHE", "PLUGIN"])
def test_a_name_that_says_nothing_else_may_be_a_place(name: str) -> None:
    assert names_place(name, "")


@pytest.mark.parametrize(
    "name", ["", "PORT", "apiUrl", "POSTGRES_DB", "CONFIG_FILE", "PATH", "MAX_UPLOAD_SIZE", "DB_HOST"]
)
def test_a_name_that_says_what_it_is_is_none(name: str) -> None:
    assert not names_place(name, "")
