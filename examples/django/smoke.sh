set -e
export DATABASE=/tmp/smoke.sqlite3
python manage.py migrate --noinput --verbosity 0
python - <<'PYTHON'
import django

django.setup()
from django.test import Client

page = Client().get("/")
print(page.status_code, "No questions yet." in page.content.decode())
PYTHON
ls staticfiles/polls | sort
