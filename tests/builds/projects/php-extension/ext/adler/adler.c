#include "php.h"
#include <zlib.h>

ZEND_BEGIN_ARG_INFO_EX(arguments, 0, 0, 1)
    ZEND_ARG_INFO(0, text)
ZEND_END_ARG_INFO()

PHP_FUNCTION(adler) {
    char *text;
    size_t length;
    ZEND_PARSE_PARAMETERS_START(1, 1)
        Z_PARAM_STRING(text, length)
    ZEND_PARSE_PARAMETERS_END();
    RETURN_LONG(adler32(1, (const unsigned char *)text, (unsigned)length));
}

static const zend_function_entry functions[] = {PHP_FE(adler, arguments) PHP_FE_END};
zend_module_entry adler_module_entry = {
    STANDARD_MODULE_HEADER, "adler", functions, NULL, NULL, NULL, NULL, NULL, "0.1", STANDARD_MODULE_PROPERTIES};
ZEND_GET_MODULE(adler)
