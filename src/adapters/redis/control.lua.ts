/** Scripts of operators and leaders. The keys are those of sessions.lua.ts. */
import { script } from './connection';
import { FORGET_OLD, PRELUDE } from './sessions.lua';

/** worker, wish → ['asked' | 'leaving' | 'absent'] */
export const WISH = script(`${PRELUDE}
local worker, wish = ARGV[4], ARGV[5]
local session = redis.call('HGET', p .. 'workers', worker)
if not session or not live(session) then return { 'absent' } end
local before = redis.call('HGET', p .. 'wishes', session)
if wish ~= 'remove' and wish ~= before and (before == 'leave' or before == 'remove') then return { 'leaving' } end
redis.call('HSET', p .. 'wishes', session, wish)
if wish ~= 'work' then
  -- From now on nothing is sent to it, though it hasn't heard of the wish yet.
  local value = redis.call('HGET', p .. 'sessions', session)
  redis.call('HSET', p .. 'sessions', session, (string.gsub(value, '^(%d+ %d+ %d %d+ %d+) %d', '%1 1')))
end
return { 'asked' }
`);

/** → ["lost-at beat held session JSON", …] */
export const LOST = script(`${PRELUDE}${FORGET_OLD}
forgetOld()
return redis.call('HVALS', p .. 'lost')
`);

/** worker → [1 where it was known as lost] */
export const FORGET = script(`return { redis.call('HDEL', ARGV[1] .. 'lost', ARGV[4]) }`);

/** duty, candidate → [fence] or [-1] where another one leads or nobody can know who does */
export const LEAD = script(`${PRELUDE}
if not remembers() then return { '-1' } end
local duty, candidate = ARGV[4], ARGV[5]
local key = p .. 'lead:' .. duty
local value = redis.call('GET', key)
if value then
  local fence, holder = string.match(value, '^(%d+) (.+)$')
  if holder ~= candidate then return { '-1' } end
  redis.call('PEXPIRE', key, lease)
  return { fence }
end
-- The time keeps it growing also where Redis has forgotten the last one.
local micros = (tonumber(time[1]) - 1704067200) * 1000000 + tonumber(time[2])
local fence = string.format('%.0f', math.max((tonumber(redis.call('HGET', p .. 'leads', duty)) or 0) + 1, micros))
redis.call('HSET', p .. 'leads', duty, fence)
redis.call('SET', key, fence .. ' ' .. candidate, 'PX', lease)
return { fence }
`);

/** duty, candidate → [] */
export const RESIGN = script(`
local key = ARGV[1] .. 'lead:' .. ARGV[4]
local value = redis.call('GET', key)
if value and string.match(value, '^%d+ (.+)$') == ARGV[5] then redis.call('DEL', key) end
return {}
`);
