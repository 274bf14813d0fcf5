#!/bin/sh
http-server -s -p 18433 public &
node -e "
const ask = () => fetch('http://127.0.0.1:18433/').then((page) => page.text()).then((text) => process.stdout.write(text), () => setTimeout(ask, 100))
ask()"
kill $!
