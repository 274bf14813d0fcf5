/* The part of Node-API that is needed here, which stays as it is for all versions: see nodejs.org/api/n-api.html. */
#include <stddef.h>
#include <zlib.h>

typedef struct env *napi_env;
typedef struct value *napi_value;
typedef struct info *napi_info;
typedef napi_value (*napi_callback)(napi_env, napi_info);
int napi_get_cb_info(napi_env, napi_info, size_t *, napi_value *, napi_value *, void **);
int napi_get_value_string_utf8(napi_env, napi_value, char *, size_t, size_t *);
int napi_create_uint32(napi_env, unsigned, napi_value *);
int napi_create_function(napi_env, const char *, size_t, napi_callback, void *, napi_value *);

static napi_value sum(napi_env env, napi_info info) {
    napi_value words[1], result;
    char text[256];
    size_t count = 1, length = 0;
    napi_get_cb_info(env, info, &count, words, NULL, NULL);
    napi_get_value_string_utf8(env, words[0], text, sizeof text, &length);
    napi_create_uint32(env, (unsigned)crc32(0, (const unsigned char *)text, (unsigned)length), &result);
    return result;
}

napi_value napi_register_module_v1(napi_env env, napi_value exports) {
    napi_value function;
    napi_create_function(env, "sum", 3, sum, NULL, &function);
    return function;
}
