set -e
id -un
stat -c '%U:%G %a' /srv/archive /srv/archive/server.py
python -c 'from server import letter; print(len(letter(899).split()))'
