Gem::Specification.new do |spec|
  spec.name = "adler"
  spec.version = "0.3.0"
  spec.summary = "Adler-32 checksums"
  spec.authors = ["dockerslim-rewrite"]
  spec.licenses = ["Apache-2.0"]
  spec.files = ["ext/adler/adler.c", "ext/adler/extconf.rb", "lib/adler.rb"]
  spec.extensions = ["ext/adler/extconf.rb"]
end
