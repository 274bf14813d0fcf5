#include <Python.h>

static PyObject *level(PyObject *self, PyObject *args) { return PyLong_FromLong(42); }
static PyMethodDef methods[] = {{"level", level, METH_NOARGS, NULL}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "tide", NULL, -1, methods};

PyMODINIT_FUNC PyInit_tide(void) { return PyModule_Create(&module); }
