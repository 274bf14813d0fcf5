set -e
nginx -t 2>&1 | grep -c successful
cd /usr/share/nginx/html
grep -l "field guide" index.html
cat boatman.html site.css
echo
stat -c '%U %n' boatman.html index.html site.css
