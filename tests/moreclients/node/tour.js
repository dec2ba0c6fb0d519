// What the tours of node share.
const { HOST, PORT, STAGE } = process.env

exports.HOST = HOST
exports.PORT = Number(PORT)
exports.STAGE = STAGE
exports.SETS = 'SELECT CHARACTER_SET_NAME AS n FROM information_schema.CHARACTER_SETS ORDER BY 1 LIMIT '
exports.say = (step, ...what) => console.log(step + ': ' + what.join(' | '))
exports.run = (tour) => tour().catch((e) => { console.error(e); process.exit(1) })
