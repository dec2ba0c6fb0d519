require 'sequel'

def say(step, *what) = puts("#{step}: #{what.join(' | ')}")
def code(error) = error.wrapped_exception.error_number

db = Sequel.connect(adapter: 'mysql2', host: ENV['HOST'], port: ENV['PORT'].to_i, user: 'root', database: 'default')
lines = db[Sequel[ENV['STAGE'].to_sym][:'a.csv']]

say('connect', db.get(Sequel.lit('DATABASE()')))
say('list', *db["LIST @#{ENV['STAGE']}"].map(:file_name))
say('file', lines.where(a: 1).where { b > 1 }.select_map([:a, :b]), lines.count, lines.columns, lines.sum(:b), lines.first(a: 7).inspect)
say('prepared', lines.where(a: :$n).prepare(:select, :by_a).call(n: 1).map(&:values))
lines.order(:a).paged_each { |line| say('paged', line.values) }
say('schema', *db.schema(Sequel[ENV['STAGE'].to_sym][:'a.csv']).map { |name, column| "#{name} #{column[:type]}" }, db.table_exists?(:nope))
say('limit', *db[Sequel[:information_schema][:CHARACTER_SETS]].order(:CHARACTER_SET_NAME).limit(2, 1).select_map(:CHARACTER_SET_NAME))
db.transaction do
  begin
    db.transaction(savepoint: true) { db['SELECT nope'].all }
  rescue Sequel::DatabaseError => e
    say('nested', code(e))
  end
  say('outer', db.get(1))
end
begin
  db[:nope].all
rescue Sequel::DatabaseError => e
  say('error', code(e))
end
db.disconnect
say('disconnect', db.pool.size == 0)
