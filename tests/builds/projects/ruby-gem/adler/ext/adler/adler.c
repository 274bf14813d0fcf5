#include <ruby.h>
#include <zlib.h>

static VALUE sum(VALUE self, VALUE text) {
    return ULONG2NUM(adler32(1, (const unsigned char *)RSTRING_PTR(text), (unsigned)RSTRING_LEN(text)));
}

void Init_adler(void) { rb_define_module_function(rb_define_module("Adler"), "sum", sum, 1); }
