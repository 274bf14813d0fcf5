set -e
id -u
gunicorn --check-config shortener:application && echo "configuration is good"
python -c 'from shortener import shorten; print(shorten("https://example.com/"))'
