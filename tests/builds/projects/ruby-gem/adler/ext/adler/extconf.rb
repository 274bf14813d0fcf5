require "mkmf"
have_library("z", "adler32")
create_makefile("adler/adler")
