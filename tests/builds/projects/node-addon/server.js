const http = require('http')
const ms = require('ms')
const sum = require('checksum')

const server = http.createServer((request, response) => response.end(`${sum(request.url)} ${ms('2 days')}\n`))
server.listen(process.env.PORT || 3000, () => {
  if (process.argv[2] !== 'once') return
  http.get(`http://127.0.0.1:${server.address().port}/boats`, (response) => {
    response.on('data', (part) => process.stdout.write(part))
    response.on('end', () => server.close())
  })
})
