local driver = require 'luasql.mysql'

local stage = os.getenv 'STAGE'
local env = driver.mysql()
local conn = assert(env:connect('default', 'root', '', os.getenv 'HOST', tonumber(os.getenv 'PORT')))

local function say(step, ...) print(step .. ': ' .. table.concat({...}, ' | ')) end

local function values(query)
  local cursor = assert(conn:execute(query))
  local all, row = {}, cursor:fetch({}, 'n')
  while row do
    all[#all + 1] = row[1]
    row = cursor:fetch({}, 'n')
  end
  cursor:close()
  return table.unpack(all)
end

local function message(query) return (select(2, conn:execute(query)):gsub('^.*MySQL: ', ''):gsub(';.*', '')) end

say('connect', values('SELECT DATABASE()'))
say('list', values('LIST @' .. stage))
local cursor = assert(conn:execute('SELECT * FROM ' .. stage .. '.`a.csv`'))
local names, types, row = cursor:getcolnames(), cursor:getcoltypes(), cursor:fetch({}, 'a')
say('file', names[1] .. ' ' .. types[1], row.a, row.b)
cursor:close()
say('quoted', values("SELECT '" .. conn:escape("O'Re\\il") .. "'"))
say('limit', values('SELECT CHARACTER_SET_NAME FROM information_schema.CHARACTER_SETS ORDER BY 1 LIMIT 2 OFFSET 1'))
assert(conn:setautocommit(false))
assert(conn:execute('SAVEPOINT a'))
say('nested', message('SELECT nope'))
assert(conn:execute('ROLLBACK TO SAVEPOINT a'))
say('outer', values('SELECT 1'))
assert(conn:commit())
say('error', message('SELECT * FROM nope'))
say('disconnect', tostring(conn:close() and env:close()))
