"""Whether a setup.py may start a compiler, by what it names and not by what it says."""

from __future__ import annotations

import pytest

from dockerslim_rewrite.registry.packages.setup_script import may_build

SETUP = "from setuptools import setup\nsetup(name='a', description='Fast C libraries, no subprocess')\n"


@pytest.mark.parametrize(
    "text",
    [
        SETUP,
        "import os, sys\nif sys.argv[-1] == 'publish':\n    os.system('python setup.py sdist upload')\n    sys.exit()\n"
        + SETUP,
        "import platform\nNAME = platform.system()\n" + SETUP,
        "# subprocess\n" + SETUP,
    ],
)
def test_what_builds_nothing(text: str) -> None:
    assert not may_build(text)


@pytest.mark.parametrize(
    "text",
    [
        "from setuptools import Extension, setup\nsetup(ext_modules=[Extension('a', ['a.c'])])\n",
        "from setuptools import setup\nsetup(**{'ext_modules': []})\n",
        "import os\nos.system('make')\n" + SETUP,
        "from os import system\n" + SETUP,
        "import sys, os\nif sys.argv[-1] == 'install':\n    os.system('make')\n" + SETUP,
        "import sys, os\nif sys.argv[-1] == 'publish':\n    pass\nelse:\n    os.system('make')\n" + SETUP,
        "import sys, os\nif sys.argv[-1] != 'publish':\n    os.system('make')\n" + SETUP,
        "print 'a'\nfrom distutils.core import Extension\n",
        "setup(libraries=[('a', {})])\n",
        "from skbuild import CMakeExtension\n",
    ],
)
def test_what_may_build(text: str) -> None:
    assert may_build(text)
