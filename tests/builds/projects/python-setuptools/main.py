import tide

print(tide.level())
