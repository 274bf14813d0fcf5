from setuptools import Extension, setup

setup(name="tide", version="1.0", ext_modules=[Extension("tide", ["tide.c"])])
