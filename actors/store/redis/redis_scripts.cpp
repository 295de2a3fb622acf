#include "actors/store/redis/redis_scripts.hpp"

namespace weir {

namespace {

// One batch of writes. KEYS: for each namespace its state, log, ids, keys, names, expiry and mark; then
// leases. ARGV: group, index, now_ms, namespaces, writes, the life of the server's data; then for each write
// its op, namespace, lease (0: none), the fence's epoch, how many arguments follow, and these. Gives the
// results, and the namespaces with trimmed events that are still to be freed.
//
// The mark makes a batch that is sent again, after its answer was lost, give the answer that it had; and an
// older one that comes late, by a connection given up long ago, is not done any more.
constexpr const char* write_script = R"(
local at = 6
local function arg() at = at + 1; return ARGV[at] end
local function int(x) return string.format('%.0f', x) end
local group, index, now, spaces = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])

for n = 1, spaces do
  local mark = redis.call('HMGET', KEYS[n * 7], 'group', 'index', ARGV[2])
  local last, done = tonumber(mark[1] or 0), tonumber(mark[2] or 0)
  if last == group and mark[3] then return cjson.decode(mark[3]) end
  if last > group or (last == group and done > index) then
    return redis.error_reply('STALE a later batch was done before this one')
  end
end

local states = {}
local function state_of(n)
  if states[n] then return states[n] end
  local x = redis.call('HMGET', KEYS[n * 7 - 6], 'epoch', 'first', 'head', 'swept', 'bytes_in', 'bytes_out', 'version',
                       'tag', 'life')
  states[n] = {epoch = x[1] or '', first = tonumber(x[2] or 1), head = tonumber(x[3] or 0), swept = tonumber(x[4] or 1),
               bytes_in = tonumber(x[5] or 0), bytes_out = tonumber(x[6] or 0), version = tonumber(x[7] or 0), tag = x[8] or '', life = x[9] or '',
               budget = 512, log = KEYS[n * 7 - 5], ids = KEYS[n * 7 - 4], keys = KEYS[n * 7 - 3],
               names = KEYS[n * 7 - 2], expiry = KEYS[n * 7 - 1]}
  return states[n]
end

local ops = {}

function ops.append(s)
  local epoch, first, count, whole = arg(), tonumber(arg()), tonumber(arg()), arg() == '1'
  local tag, after = arg(), arg()
  if (s.epoch ~= '' and s.epoch ~= epoch) or (count > 0 and (not whole or first ~= s.head + 1)) then
    return {'log', s.epoch, int(s.head)}
  end
  if after ~= '' and after ~= s.tag then return {'tail'} end
  if not s.checked and redis.call('XLEN', s.log) ~= s.head + 1 - s.swept then return {'holes'} end
  s.checked = true
  s.epoch, s.life = epoch, ARGV[6]
  if count > 0 then s.tag = tag end
  for i = 1, count do
    local a = at + (i - 1) * 10
    s.head = s.head + 1
    s.bytes_in = s.bytes_in + tonumber(ARGV[a + 1])
    redis.call('XADD', s.log, int(s.head) .. '-0', 'client_id', ARGV[a + 2], 'message_id', ARGV[a + 3],
               'type', ARGV[a + 4], 'prev_event_id', ARGV[a + 5], 'to', ARGV[a + 6], 'ts_ms', ARGV[a + 7],
               'causal_gap', ARGV[a + 8], 'hash', ARGV[a + 9], 'bytes_in', int(s.bytes_in), 'data', ARGV[a + 10])
    redis.call('ZADD', s.ids, int(s.head), ARGV[a + 2] .. '/' .. ARGV[a + 3])
  end
  s.budget = s.budget + 2 * count
  return '0'
end

function ops.trim(s)
  local first = math.min(tonumber(arg()), s.head + 1)
  if first <= s.first then return '0' end
  local id = int(first - 1) .. '-0'
  local newest = redis.call('XRANGE', s.log, id, id)[1]
  if not newest then return '0' end
  s.bytes_out = tonumber(newest[2][18])
  s.first = first
  return '0'
end

function ops.reset(s)
  local epoch = arg()
  if s.epoch == epoch then return '0' end
  redis.call('UNLINK', s.log, s.ids)
  s.epoch, s.first, s.head, s.swept, s.bytes_in, s.bytes_out, s.tag = epoch, 1, 0, 1, 0, 0, ''
  s.life, s.checked = ARGV[6], true
  return '0'
end

function ops.rename(s)
  s.epoch, s.tag, s.life = arg(), '', ARGV[6]
  return '0'
end

function ops.drop(s)
  redis.call('UNLINK', s.log, s.ids, s.keys, s.names, s.expiry)
  s.epoch, s.first, s.head, s.swept, s.bytes_in, s.bytes_out, s.tag = '', 1, 0, 1, 0, 0, ''
  return '0'
end

-- A key is kept as `version expires_ms value`.
local function key_of(s, key)
  local x = redis.call('HGET', s.keys, key)
  if not x then return {version = '0', expires = 0} end
  local version, expires = string.match(x, '^(%d+) (%-?%d+) ')
  expires = tonumber(expires)
  return {version = (expires > 0 and expires <= now) and '0' or version, expires = expires}
end

function ops.put(s)
  local key, value, expires, expected = arg(), arg(), arg(), arg()
  local old = key_of(s, key)
  if expected ~= '' and expected ~= old.version then return {'key', old.version} end
  s.version = s.version + 1
  redis.call('HSET', s.keys, key, int(s.version) .. ' ' .. expires .. ' ' .. value)
  redis.call('ZADD', s.names, 0, key)
  if tonumber(expires) > 0 then
    redis.call('ZADD', s.expiry, expires, key)
  elseif old.expires > 0 then
    redis.call('ZREM', s.expiry, key)
  end
  return int(s.version)
end

function ops.delete(s)
  local key, expected = arg(), arg()
  local old = key_of(s, key)
  if expected ~= '' and expected ~= old.version then return {'key', old.version} end
  redis.call('HDEL', s.keys, key)
  redis.call('ZREM', s.names, key)
  if old.expires > 0 then redis.call('ZREM', s.expiry, key) end
  return '0'
end

local function fenced(lease, epoch)
  if lease == '0' then return nil end
  local x = redis.call('HMGET', KEYS[tonumber(lease)], 'owner', 'epoch')
  if x[1] and x[1] ~= '' and x[2] == epoch then return nil end
  return {'fence', x[1] or '', x[2] or '0'}
end

local results, rest = {}, {}
for i = 1, tonumber(ARGV[5]) do
  local op, n, lease, epoch, count = arg(), tonumber(arg()), arg(), arg(), tonumber(arg())
  local after = at + count
  results[i] = fenced(lease, epoch) or ops[op](state_of(n))
  at = after
end

for n, s in pairs(states) do
  local freed = math.min(s.budget, s.first - s.swept)
  if freed > 0 then
    s.swept = s.swept + freed
    redis.call('XTRIM', s.log, 'MINID', '=', int(s.swept) .. '-0')
    redis.call('ZREMRANGEBYSCORE', s.ids, '-inf', '(' .. int(s.swept))
  end
  if s.swept < s.first then rest[#rest + 1] = int(n) end
  redis.call('HSET', KEYS[n * 7 - 6], 'epoch', s.epoch, 'first', int(s.first), 'head', int(s.head), 'swept', int(s.swept),
             'bytes_in', int(s.bytes_in), 'bytes_out', int(s.bytes_out), 'version', int(s.version), 'tag', s.tag,
             'life', s.life)
end

local reply = {results, rest}
for n = 1, spaces do
  local mark = KEYS[n * 7]
  if redis.call('HGET', mark, 'group') ~= ARGV[1] then redis.call('UNLINK', mark) end
  redis.call('HSET', mark, 'group', ARGV[1], 'index', ARGV[2], ARGV[2], cjson.encode(reply))
  redis.call('EXPIRE', mark, 600)
end
return reply
)";

// KEYS: state, log, ids. Gives the log's epoch, first seq kept, head, bytes in and out, the life of the
// server's data in which it was last written to; and whether the events are there.
constexpr const char* state_script = R"(
local x = redis.call('HMGET', KEYS[1], 'epoch', 'first', 'head', 'bytes_in', 'bytes_out', 'life', 'swept')
if not x[1] or x[1] == '' then return {} end
local first, head, swept = tonumber(x[2]), tonumber(x[3]), tonumber(x[7])
local function is_there(seq) return #redis.call('XRANGE', KEYS[2], seq .. '-0', seq .. '-0') == 1 end
local whole = redis.call('XLEN', KEYS[2]) == head + 1 - swept
if head >= first then whole = whole and is_there(x[2]) and is_there(x[3]) and redis.call('EXISTS', KEYS[3]) == 1 end
return {x[1], x[2], x[3], x[4], x[5], x[6] or '', whole and '1' or '0'}
)";

// KEYS: state, log. ARGV: `forward` and the last seq not wanted, or `backward` and the seq before which; how
// many. Gives the first seq kept, the head, and events.
constexpr const char* read_script = R"(
local x = redis.call('HMGET', KEYS[1], 'first', 'head')
local first, head, at = tonumber(x[1] or 1), tonumber(x[2] or 0), tonumber(ARGV[2])
local function id(n) return string.format('%.0f-0', n) end
local out = {}
if ARGV[1] == 'forward' then
  local from = math.max(at + 1, first)
  if from <= head then out = redis.call('XRANGE', KEYS[2], id(from), id(head), 'COUNT', ARGV[3]) end
else
  local from = math.min(at - 1, head)
  if from >= first then out = redis.call('XREVRANGE', KEYS[2], id(from), id(first), 'COUNT', ARGV[3]) end
end
return {x[1] or '1', x[2] or '0', out}
)";

// KEYS: state, ids, log. ARGV: an event's id. Gives its seq and hash, or nothing.
constexpr const char* find_script = R"(
local seq = redis.call('ZSCORE', KEYS[2], ARGV[1])
if not seq or tonumber(seq) < tonumber(redis.call('HGET', KEYS[1], 'first') or 1) then return false end
local id = string.format('%.0f-0', tonumber(seq))
local found = redis.call('XRANGE', KEYS[3], id, id)
if not found[1] then return false end
return {seq, found[1][2][16]}
)";

// KEYS: log. ARGV: first and last seq. Gives id, seq, hash and time of each, and nothing of its data.
constexpr const char* newest_script = R"(
local out = {}
for _, x in ipairs(redis.call('XRANGE', KEYS[1], ARGV[1] .. '-0', ARGV[2] .. '-0')) do
  local f = x[2]
  out[#out + 1] = f[2] .. '/' .. f[4]
  out[#out + 1] = string.match(x[1], '^%d+')
  out[#out + 1] = f[16]
  out[#out + 1] = f[12]
end
return out
)";

// KEYS: keys, names. ARGV: prefix, where to begin (as ZRANGEBYLEX takes it), limit, now_ms. Gives key and
// value of each.
constexpr const char* scan_script = R"(
local prefix, from, left, now = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local out = {}
while left > 0 do
  local names = redis.call('ZRANGEBYLEX', KEYS[2], from, '+', 'LIMIT', 0, 100)
  for _, name in ipairs(names) do
    if left == 0 or string.sub(name, 1, #prefix) ~= prefix then return out end
    local x = redis.call('HGET', KEYS[1], name)
    local expires = tonumber(string.match(x, '^%d+ (%-?%d+) '))
    if expires <= 0 or expires > now then
      out[#out + 1] = name
      out[#out + 1] = x
      left = left - 1
    end
  end
  if #names < 100 then return out end
  from = '(' .. names[#names]
end
return out
)";

// KEYS: state, log, ids, keys, names, expiry. ARGV: now_ms, how many at most. Gives how many were freed, and
// when there will be more: 0 at once, empty never.
constexpr const char* sweep_script = R"(
local max = tonumber(ARGV[2])
local dead = redis.call('ZRANGEBYSCORE', KEYS[6], '-inf', ARGV[1], 'LIMIT', 0, max)
for _, key in ipairs(dead) do
  redis.call('HDEL', KEYS[4], key)
  redis.call('ZREM', KEYS[5], key)
  redis.call('ZREM', KEYS[6], key)
end
local x = redis.call('HMGET', KEYS[1], 'first', 'swept')
local first, swept = tonumber(x[1] or 1), tonumber(x[2] or 1)
local freed = math.min(max - #dead, first - swept)
if freed > 0 then
  swept = swept + freed
  local to = string.format('%.0f', swept)
  redis.call('XTRIM', KEYS[2], 'MINID', '=', to .. '-0')
  redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', '(' .. to)
  redis.call('HSET', KEYS[1], 'swept', to)
end
if swept < first then return {#dead + freed, '0'} end
local next = redis.call('ZRANGE', KEYS[6], 0, 0, 'WITHSCORES')
return {#dead + freed, next[2] or ''}
)";

// KEYS: lease. ARGV: what it is believed to be, and what it shall be: owner, epoch, expires_ms each. Gives
// nothing, or what it is instead.
constexpr const char* lease_script = R"(
local x = redis.call('HMGET', KEYS[1], 'owner', 'epoch', 'expires_ms')
local owner, epoch, expires = x[1] or '', x[2] or '0', x[3] or '0'
if owner ~= ARGV[1] or epoch ~= ARGV[2] or expires ~= ARGV[3] then return {owner, epoch, expires} end
redis.call('HSET', KEYS[1], 'owner', ARGV[4], 'epoch', ARGV[5], 'expires_ms', ARGV[6])
return {}
)";

} // namespace

const char* text_of(redis_script what) noexcept {
  switch (what) {
  case redis_script::write:
    return write_script;
  case redis_script::read_state:
    return state_script;
  case redis_script::read_log:
    return read_script;
  case redis_script::find_event:
    return find_script;
  case redis_script::newest_ids:
    return newest_script;
  case redis_script::scan:
    return scan_script;
  case redis_script::sweep:
    return sweep_script;
  case redis_script::set_lease:
    return lease_script;
  }
  return "";
}

} // namespace weir
