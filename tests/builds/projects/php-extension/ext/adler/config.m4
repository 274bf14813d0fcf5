PHP_ARG_ENABLE([adler], [whether to enable adler], [], [yes])
PHP_ADD_LIBRARY(z, 1, ADLER_SHARED_LIBADD)
PHP_SUBST(ADLER_SHARED_LIBADD)
PHP_NEW_EXTENSION(adler, adler.c, $ext_shared)
