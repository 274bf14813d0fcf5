set -e
id -u
stat -c '%a %U %n' /etc/cron.d/rotate /usr/local/sbin/rotate.sh
mkdir -p /tmp/rules /tmp/logs
printf '/tmp/logs/*.log {\n  size 1\n  rotate 2\n  su root root\n}\n' > /tmp/rules/all
echo "a line" > /tmp/logs/web.log
/usr/local/sbin/rotate.sh /tmp/rules
ls /tmp/logs
command -v cron
