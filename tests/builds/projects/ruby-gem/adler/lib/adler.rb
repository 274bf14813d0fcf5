require "adler/adler"
