const debug = require('debug')

debug.log = console.log
debug.enable('depth')
debug.formatArgs = () => {}
debug('depth')('%d fathoms', 17)
