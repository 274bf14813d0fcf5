set -e
./run.sh /tmp/chart.png
test -s /tmp/chart.png && echo "chart drawn"
