require "adler"

File.foreach(File.join(__dir__, "harbours.txt"), chomp: true) { |name| puts "#{name} #{Adler.sum(name)}" }
