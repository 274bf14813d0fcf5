const ms = require('ms')
const { watches } = require('./built.json')

console.log(`a watch is ${ms(ms('1d') / watches, { long: true })}`)
