dotnet Berths.Web.dll &
exec bash -c '
ask() {
    exec 3<>/dev/tcp/127.0.0.1/18434 && printf "GET %s HTTP/1.0\r\n\r\n" "$1" >&3 && sed "1,/^\r$/d" <&3
}
for attempt in $(seq 150); do
    (ask /) 2> /dev/null && break
    sleep 0.2
done
echo
ask /index.html
kill "$1"
' ask $!
