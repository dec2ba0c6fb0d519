require 'active_record'

def say(step, *what) = puts("#{step}: #{what.join(' | ')}")

ActiveRecord::Base.establish_connection(
  adapter: 'mysql2', host: ENV['HOST'], port: ENV['PORT'].to_i, username: 'root', password: '', database: 'default', prepared_statements: true
)
base = ActiveRecord::Base
conn = base.connection

class CharacterSet < ActiveRecord::Base
  self.table_name = 'information_schema.CHARACTER_SETS'
  self.primary_key = 'CHARACTER_SET_NAME'
end

say('connect', conn.select_value('SELECT DATABASE()'))
say('list', *conn.select_values("LIST @#{ENV['STAGE']}"))
say('limit', *CharacterSet.order('CHARACTER_SET_NAME').limit(2).offset(1).pluck('CHARACTER_SET_NAME'))
base.transaction do
  begin
    base.transaction(requires_new: true) { conn.select_value('SELECT nope') }
  rescue ActiveRecord::StatementInvalid => e
    say('nested', e.cause.error_number)
  end
  say('outer', conn.select_value('SELECT 1'))
end
begin
  conn.select_value('SELECT * FROM nope')
rescue ActiveRecord::StatementInvalid => e
  say('error', e.cause.error_number, e.cause.sql_state)
end
conn.disconnect!
say('disconnect', !conn.active?)
