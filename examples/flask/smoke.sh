set -e
python - <<'PYTHON'
from app import app

client = app.test_client()
print(client.get("/health").get_json())
print(client.get("/entries").status_code)
PYTHON
flask routes | grep -c /entries
