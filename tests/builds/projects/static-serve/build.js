const fs = require('fs')
const ms = require('ms')

fs.mkdirSync('public', { recursive: true })
for (const name of fs.readdirSync('pages')) {
  const text = fs.readFileSync(`pages/${name}`, 'utf8')
  fs.writeFileSync(`public/${name}`, text.replace(/\{(.+?)\}/g, (_, span) => `${ms(span) / 60000} minutes`))
}
