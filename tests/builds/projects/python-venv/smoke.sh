gunicorn --bind 127.0.0.1:18231 --daemon --pid /tmp/pid moorings:app
python - <<'PY'
import time, urllib.request
for _ in range(100):
    try:
        print(urllib.request.urlopen("http://127.0.0.1:18231").read().decode())
        break
    except OSError:
        time.sleep(0.1)
PY
kill "$(cat /tmp/pid)"
