/**
 * Scripts about who lives. Keys, each after the prefix:
 *
 *   generation     made anew where it is missing: then everything else is missing, too
 *   grace          there for one lease after that, or after an outage: absence proves nothing yet
 *   seen           when anybody was last heard of, in Redis's milliseconds
 *   sessions       hash: session → "expires inbox announced free held draining beat worker", times in Redis's milliseconds
 *   workers        hash: worker → session        inboxes   hash: number → session
 *   descriptions   hash: session → JSON          (of announced sessions)
 *   wishes         hash: session → leave | stay | work | remove
 *   lost           hash: worker → "lost-at beat held session JSON", of those whose lease ended without a word
 *   precedence     hash: scheduler → "priority expires", for schedulers of earlier versions
 *   standings      hash: scheduler → "expires JSON", of what waits there
 *   leads          hash: duty → last fence       lead:<duty>   "fence candidate", expires with the lease
 *
 * A hash with times in place of keys that expire lets one command read the whole roster. Every script begins with the
 * arguments prefix, lease in milliseconds, and the name of a new generation should one be needed.
 */
import { script } from './connection';

export const PRELUDE = `
local p, lease = ARGV[1], tonumber(ARGV[2])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

-- With nobody heard of for most of a lease, Redis itself was away, or all were: leases didn't run on meanwhile.
local function noticeOutage()
  local seen = tonumber(redis.call('GET', p .. 'seen') or now)
  if now - seen > lease * 3 / 4 then
    redis.call('SET', p .. 'grace', '1', 'PX', lease)
    local all = redis.call('HGETALL', p .. 'sessions')
    for i = 1, #all, 2 do
      local expires, rest = string.match(all[i + 1], '^(%d+)( .*)$')
      -- Whoever was over before stays over; all others need a moment to connect again.
      if tonumber(expires) > seen then redis.call('HSET', p .. 'sessions', all[i], string.format('%.0f', now + 3 * lease) .. rest) end
    end
  end
  if now - seen > 50 or now == seen then redis.call('SET', p .. 'seen', string.format('%.0f', now)) end
end

-- False for one lease after the memory was lost, or after an outage.
local function remembers()
  noticeOutage()
  if redis.call('EXISTS', p .. 'generation') == 0 then
    redis.call('SET', p .. 'generation', ARGV[3])
    redis.call('SET', p .. 'grace', '1', 'PX', lease)
    return false
  end
  return redis.call('EXISTS', p .. 'grace') == 0
end

-- Milliseconds of a session's lease; none or fewer once it is over.
local known = {}
local function left(session)
  if known[session] == nil then
    local value = redis.call('HGET', p .. 'sessions', session)
    known[session] = value and tonumber(string.match(value, '^%d+')) - now or 0
  end
  return known[session]
end
local function live(session) return left(session) > 0 end
`;

const SESSION = `
local function put(session, expires, inbox, announced, free, held, draining, worker)
  local value = string.format('%.0f %s %s %s %s %s %.0f %s', expires, inbox, announced, free, held, draining, now, worker)
  redis.call('HSET', p .. 'sessions', session, value)
end

-- Names are given up only where nobody else took them since.
local function remove(session, value)
  redis.call('HDEL', p .. 'sessions', session)
  redis.call('HDEL', p .. 'descriptions', session)
  redis.call('HDEL', p .. 'wishes', session)
  local inbox, worker = string.match(value, '^%d+ (%d+) %d %d+ %d+ %d %d+ (%S+)$')
  if redis.call('HGET', p .. 'workers', worker) == session then redis.call('HDEL', p .. 'workers', worker) end
  if redis.call('HGET', p .. 'inboxes', inbox) == session then redis.call('HDEL', p .. 'inboxes', inbox) end
end
`;

const LOST_FOR_MS = 600_000;
const MOST_LOST = 1000;

export const FORGET_OLD = `
local function forgetOld()
  local all = redis.call('HGETALL', p .. 'lost')
  for i = 1, #all, 2 do
    if tonumber(string.match(all[i + 1], '^%d+')) + ${String(LOST_FOR_MS)} <= now then redis.call('HDEL', p .. 'lost', all[i]) end
  end
end
`;

const LOSS = `${FORGET_OLD}
-- Who ends without a word is remembered, unless its name is another's by now or it was meant to end.
local function bury(session, value)
  local announced, held, beat, worker = string.match(value, '^%d+ %d+ (%d) %d+ (%d+) %d (%d+) (%S+)$')
  local description = redis.call('HGET', p .. 'descriptions', session)
  local expected = redis.call('HGET', p .. 'workers', worker) ~= session or redis.call('HGET', p .. 'wishes', session) == 'remove'
  if announced == '1' and description and not expected then
    if redis.call('HLEN', p .. 'lost') >= ${String(MOST_LOST)} then forgetOld() end
    if redis.call('HLEN', p .. 'lost') < ${String(MOST_LOST)} then
      redis.call('HSET', p .. 'lost', worker, string.format('%.0f %s %s %s ', now, beat, held, session) .. description)
    end
  end
  remove(session, value)
end
`;

/** session, worker, free, held, draining, the first lease → ['wait', ms] | ['held', session] | ['open', generation, inbox] */
export const OPEN = script(`${PRELUDE}${SESSION}
local session, worker = ARGV[4], ARGV[5]
if not remembers() then return { 'wait', redis.call('PTTL', p .. 'grace') } end
local holder = redis.call('HGET', p .. 'workers', worker)
if holder and live(holder) then return { 'held', holder } end
local inbox = 0
while true do
  holder = redis.call('HGET', p .. 'inboxes', inbox)
  if not holder or not live(holder) then break end
  inbox = inbox + 1
end
redis.call('HDEL', p .. 'lost', worker)
redis.call('HSET', p .. 'workers', worker, session)
redis.call('HSET', p .. 'inboxes', inbox, session)
put(session, now + tonumber(ARGV[9]), inbox, '0', ARGV[6], ARGV[7], ARGV[8], worker)
return { 'open', redis.call('GET', p .. 'generation'), inbox }
`);

/**
 * session, generation known, free, held, draining → ['ok' | 'ended', generation, wish or ''] | ['forgotten', generation]; behind 'ok', where the
 * generation is another one (the answer to RESUME was lost): ms until absence proves something
 */
export const RENEW = script(`${PRELUDE}${SESSION}${LOSS}
local session = ARGV[4]
remembers()
local generation = redis.call('GET', p .. 'generation')
local value = redis.call('HGET', p .. 'sessions', session)
if not value then
  if generation ~= ARGV[5] then return { 'forgotten', generation } end
  return { 'ended', generation, '' }
end
local wish = redis.call('HGET', p .. 'wishes', session) or ''
-- Once a lease is over others may have acted on it: it is never brought back.
if not live(session) then
  bury(session, value)
  return { 'ended', generation, wish }
end
-- Its claims stay its own until it has closed, or until the lease ends: what it runs must not begin elsewhere before.
if wish == 'remove' then return { 'ended', generation, wish } end
local draining = (wish == 'leave' or wish == 'stay') and '1' or ARGV[8]
local inbox, announced, worker = string.match(value, '^%d+ (%d+) (%d) %d+ %d+ %d %d+ (%S+)$')
put(session, now + lease, inbox, announced, ARGV[6], ARGV[7], draining, worker)
if generation == ARGV[5] then return { 'ok', generation, wish } end
return { 'ok', generation, wish, math.max(0, redis.call('PTTL', p .. 'grace')) }
`);

/**
 * session, worker, inbox, announced, free, held, draining, description → ['ok', generation, '', ms until absence proves something] |
 * ['ended']: says everything again, after a loss of memory or where the log spoke for it meanwhile
 */
export const RESUME = script(`${PRELUDE}${SESSION}
local session, worker, inbox = ARGV[4], ARGV[5], ARGV[6]
remembers()
local holder, reader = redis.call('HGET', p .. 'workers', worker), redis.call('HGET', p .. 'inboxes', inbox)
if holder and holder ~= session and live(holder) then return { 'ended' } end
if reader and reader ~= session and live(reader) then return { 'ended' } end
redis.call('HDEL', p .. 'lost', worker)
redis.call('HSET', p .. 'workers', worker, session)
redis.call('HSET', p .. 'inboxes', inbox, session)
if ARGV[7] == '1' then redis.call('HSET', p .. 'descriptions', session, ARGV[11]) end
put(session, now + lease, inbox, ARGV[7], ARGV[8], ARGV[9], ARGV[10], worker)
return { 'ok', redis.call('GET', p .. 'generation'), '', math.max(0, redis.call('PTTL', p .. 'grace')) }
`);

/** session, description → ['ok'] | ['ended'] */
export const ANNOUNCE = script(`${PRELUDE}
local session = ARGV[4]
if not live(session) then return { 'ended' } end
local value = redis.call('HGET', p .. 'sessions', session)
redis.call('HSET', p .. 'descriptions', session, ARGV[5])
redis.call('HSET', p .. 'sessions', session, (string.gsub(value, '^(%d+ %d+) %d', '%1 1')))
return { 'ok' }
`);

/** session → [] */
export const CLOSE = script(`${PRELUDE}${SESSION}
local value = redis.call('HGET', p .. 'sessions', ARGV[4])
if value then remove(ARGV[4], value) end
return {}
`);

/** → [trusted, session, value, session, value, …] of announced ones; those whose lease is over are removed. */
export const ROSTER = script(`${PRELUDE}${SESSION}${LOSS}
local answer = { remembers() and 1 or 0 }
local all = redis.call('HGETALL', p .. 'sessions')
for i = 1, #all, 2 do
  local expires, announced = string.match(all[i + 1], '^(%d+) %d+ (%d)')
  if tonumber(expires) <= now then
    bury(all[i], all[i + 1])
  elseif announced == '1' then
    answer[#answer + 1] = all[i]
    answer[#answer + 1] = all[i + 1]
  end
end
return answer
`);

/** session, session, … → [description, …], empty texts where there is none */
export const DESCRIBE = script(`
local answer = {}
for i = 4, #ARGV do answer[#answer + 1] = redis.call('HGET', ARGV[1] .. 'descriptions', ARGV[i]) or '' end
return answer
`);

/** scheduler, highest or -1, milliseconds until forgotten → [highest of the others or -1] */
export const PRECEDENCE = script(`${PRELUDE}
local key = p .. 'precedence'
if ARGV[5] == '-1' then
  redis.call('HDEL', key, ARGV[4])
else
  redis.call('HSET', key, ARGV[4], string.format('%s %.0f', ARGV[5], now + tonumber(ARGV[6])))
end
redis.call('HSET', p .. 'standings', ARGV[4], string.format('%.0f ', now + tonumber(ARGV[6])) .. ARGV[7])
local answer = {}
local all = redis.call('HGETALL', p .. 'standings')
for i = 1, #all, 2 do
  local till, standing = string.match(all[i + 1], '^(%d+) (.*)$')
  if tonumber(till) <= now then
    redis.call('HDEL', p .. 'standings', all[i])
    redis.call('HDEL', key, all[i])
  elseif all[i] ~= ARGV[4] then
    answer[#answer + 1] = all[i]
    answer[#answer + 1] = standing
  end
end
return answer
`);
