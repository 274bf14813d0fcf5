require "adler"
require "json"
require "zlib"

words = %w[barge lock weir sluice]
puts JSON.generate(words.to_h { |word| [word, Adler.sum(word)] })
puts Adler.sum("barge") == Zlib.adler32("barge")
